"""Standard output and standard error: what people see, and when it must be plain."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterable
from typing import TextIO

import click

from gilprof.errors import FileError

MIN_WIDTH, PLAIN_WIDTH = 40, 80
_READER_GONE = {errno.EPIPE, errno.EIO}
"""``| head`` has ended; the terminal was closed."""


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
    stdout = _standard_output()
    encoding = getattr(stdout, "encoding", None) or "utf-8"
    encodable = text.encode(encoding, "backslashreplace").decode(encoding)
    try:
        stdout.write(encodable)
        stdout.flush()
    except OSError as error:
        _give_up(error)


def write_out(pieces: Iterable[bytes]) -> None:
    """Bytes on standard output, otherwise like ``print_out``."""
    stdout = _standard_output().buffer
    try:
        for piece in pieces:
            stdout.write(piece)
        stdout.flush()
    except OSError as error:
        _give_up(error)


def _standard_output() -> TextIO:
    """Raises FileError where there is none."""
    if sys.stdout is None:
        raise FileError("writing to standard output", "it is closed", "send it to a file, a pipe or a terminal")
    return sys.stdout


def complain(message: str) -> None:
    """One line on standard error, whatever is in the message; where that is full, the status has to do."""
    from gilprof.report.names import printable

    with contextlib.suppress(OSError):
        click.echo(f"gilprof: {printable(message, 2000)}", err=True)


def _give_up(error: OSError) -> None:
    """On standard output. Raises FileError, unless it is only that nobody reads it any more."""
    # What is left in the buffer would fail again when Python flushes it at its end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno not in _READER_GONE:
        raise FileError(
            "writing to standard output", error.strerror or str(error), "make room, or name another place"
        ) from error
