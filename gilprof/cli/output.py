"""Standard output and standard error: what people see, and when it must be plain."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path
from typing import TextIO

import click

from gilprof.errors import FileError

MIN_WIDTH, PLAIN_WIDTH = 40, 80
_READER_GONE = {errno.EPIPE, errno.EIO}
"""``| head`` has ended; the terminal was closed."""
_NEXT_STEPS = {
    errno.EISDIR: "give the name of a file",
    errno.ENOENT: "make its folder first",
    errno.EACCES: "give another name",
}


def styled(no_color: bool, stream: TextIO | None = None) -> bool:
    """Whether ``stream`` (else standard output) takes bold and colours: a terminal, and nobody said no
    (no-color.org)."""
    return is_terminal(stream or sys.stdout) and not no_color and not os.environ.get("NO_COLOR")


def is_terminal(stream: TextIO | None) -> bool:
    """Whether people read ``stream`` as it comes; a closed standard stream is None."""
    return stream is not None and stream.isatty()


def width(stream: TextIO | None = None) -> int:
    """Columns of the terminal that ``stream`` (else standard output) is, or of ``COLUMNS``; 80 without either."""
    asked = os.environ.get("COLUMNS", "")
    columns = int(asked) if asked.isdecimal() else 0
    shown = stream or sys.stdout
    if not columns and shown is not None:
        try:
            columns = os.get_terminal_size(shown.fileno()).columns
        except (OSError, ValueError):
            columns = 0
    return max(columns or PLAIN_WIDTH, MIN_WIDTH)


def print_out(text: str) -> None:
    """``text`` on standard output. A reader that has gone has had enough: no error. Raises FileError."""
    if sys.stdout is None:
        raise FileError("writing to standard output", "it is closed", "send it to a file, a pipe or a terminal")
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    encodable = text.encode(encoding, "backslashreplace").decode(encoding)
    try:
        sys.stdout.write(encodable)
        sys.stdout.flush()
    except OSError as error:
        # What is left in the buffer would fail again when Python flushes it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno not in _READER_GONE:
            raise FileError(
                "writing to standard output", error.strerror or str(error), "make room, or name another place"
            ) from error


def complain(message: str) -> None:
    """One line on standard error, whatever is in the message; where that is full, the status has to do."""
    from gilprof.report.names import printable

    with contextlib.suppress(OSError):
        click.echo(f"gilprof: {printable(message, 2000)}", err=True)


def check_writable(path: str) -> None:
    """Find out before a long observation that ``path`` cannot be written. Raises FileError."""
    file = Path(path)
    try:
        answered = _obstacle(file)
    except PermissionError:  # a folder on the way may not be looked into
        answered = errno.EACCES
    if answered:
        raise FileError(f"writing {path}", os.strerror(answered), _NEXT_STEPS[answered])


def _obstacle(file: Path) -> int:
    """The ``errno`` with which writing would fail; 0 for none."""
    if file.is_dir():
        return errno.EISDIR
    if not file.parent.is_dir():
        return errno.ENOENT
    return 0 if os.access(file if file.exists() else file.parent, os.W_OK) else errno.EACCES


def write_file(path: str, text: str) -> None:
    """``text`` as the content of ``path``; what could not be written to its end is taken away. Raises FileError."""
    file, begun = Path(path), False
    try:
        with file.open("w", encoding="ascii") as stream:
            begun = True
            stream.write(text)
    except OSError as error:
        if begun and file.is_file():
            with contextlib.suppress(OSError):
                file.unlink()
        raise FileError(f"writing {path}", error.strerror or str(error), "make room, or give another name") from error
