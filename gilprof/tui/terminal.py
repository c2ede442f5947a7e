"""The terminal may go away while the view is on it: the view ends then, without an error and without waiting."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from typing import Any, Protocol, TextIO

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver


class Until(Protocol):
    """When the view is to end, and how to pass the time until then."""

    @property
    def must_exit(self) -> bool:
        """The view is to end."""

    def linger(self, seconds: float) -> None:
        """At most so long."""


class Lifeline:
    """``until``, and the end of the terminal as well."""

    def __init__(self, until: Until) -> None:
        self._until = until
        self._terminal = select.poll()
        self._terminal.register(sys.__stdin__.fileno() if sys.__stdin__ is not None else 0, 0)
        self._gone = False

    @property
    def must_exit(self) -> bool:
        """Somebody says so, or there is nobody any more."""
        # POLLHUP and POLLERR come without being asked for (poll(2)).
        self._gone = self._gone or bool(self._terminal.poll(0))
        return self._gone or self._until.must_exit

    def linger(self, seconds: float) -> None:
        """At most so long."""
        self._until.linger(seconds)


class LastingDriver(LinuxDriver):
    """Textual's driver, for which a terminal that takes no more is none. It draws on standard error where that is a
    terminal, else on standard output.

    Its thread that writes would die of the error, and the whole app wait for it without end.
    """

    def __init__(self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None):
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file: Any = _Lasting(_drawn_on())

    def run_input_thread(self) -> None:
        """Read keys until the view ends, or the terminal."""
        # EIO: the terminal is gone; ``Lifeline`` ends the view.
        with contextlib.suppress(OSError):
            super().run_input_thread()


def _drawn_on() -> TextIO:
    if sys.__stderr__ is not None and sys.__stderr__.isatty():
        return sys.__stderr__
    assert sys.__stdout__ is not None
    # A stream of its own: what the terminal does not take must not be left for standard output to fail with at exit.
    return open(os.dup(sys.__stdout__.fileno()), "w", encoding=sys.__stdout__.encoding)  # noqa: PTH123


class _Lasting:
    """A stream whose reader may go away."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()

    def fileno(self) -> int:
        return self._stream.fileno()
