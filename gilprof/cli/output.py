"""Standard output and standard error: what people see, and when it must be plain."""

from __future__ import annotations

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


def styled(no_color: bool, stream: TextIO | None = None) -> bool:
    """Whether ``stream`` (else standard output) takes bold and colours: a terminal, and nobody said no
    (no-color.org)."""
    return (stream or sys.stdout).isatty() and not no_color and not os.environ.get("NO_COLOR")


def width(stream: TextIO | None = None) -> int:
    """Columns of the terminal that ``stream`` (else standard output) is, or of ``COLUMNS``; 80 without either."""
    asked = os.environ.get("COLUMNS", "")
    columns = int(asked) if asked.isdecimal() else 0
    if not columns:
        try:
            columns = os.get_terminal_size((stream or sys.stdout).fileno()).columns
        except (OSError, ValueError):
            columns = 0
    return max(columns or PLAIN_WIDTH, MIN_WIDTH)


def print_out(text: str) -> None:
    """``text`` on standard output. A reader that has gone has had enough: no error. Raises FileError."""
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
    """One line on standard error, whatever is in the message."""
    from gilprof.report.names import printable

    click.echo(f"gilprof: {printable(message, 2000)}", err=True)


def check_writable(path: str) -> None:
    """Find out before a long observation that ``path`` cannot be written. Raises FileError."""
    file = Path(path)
    if file.is_dir():
        raise FileError(f"writing {path}", os.strerror(errno.EISDIR), "give the name of a file")
    if not file.parent.is_dir():
        raise FileError(f"writing {path}", os.strerror(errno.ENOENT), "make its folder first")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise FileError(f"writing {path}", os.strerror(errno.EACCES), "give another name")


def write_file(path: str, text: str) -> None:
    """``text`` as the content of ``path``. Raises FileError."""
    try:
        Path(path).write_text(text, encoding="ascii")
    except OSError as error:
        raise FileError(f"writing {path}", error.strerror or str(error), "give another name") from error
