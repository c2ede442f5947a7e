"""A pseudo-terminal for a program that runs under the live view, and what becomes of its output."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import struct
import sys
import tempfile
import termios
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from gilprof.errors import FileError

PIECE = 1 << 16
SEEN_PIECES = 64
"""The newest output that is kept to be shown."""
INTERRUPT, END_OF_INPUT = b"\x03", b"\x04"
"""What a terminal makes SIGINT and an end of file of (termios(3): VINTR, VEOF)."""


class ProgramTerminal:
    """Takes all that the program writes, at any time: it never waits for a reader.

    While the view is ``hold``-ing the real terminal, output goes into a file without a name; before and afterwards
    straight to standard output.
    """

    def __init__(self) -> None:
        """Raises FileError where the system has none left, or no room for what is held back."""
        try:
            self._ours, self._theirs = os.openpty()
            self._kept: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as this does
        except OSError as error:
            tried = "opening a pseudo-terminal for the program"
            raise FileError(tried, error.strerror or str(error), "run it without --live") from error
        self.path = os.ttyname(self._theirs)
        _pass_on_unchanged(self._theirs)
        self.resize(*_size_of_standard_output())
        self._woken, self._wake = os.pipe()
        self._lost = False
        self._held = self._finished = False
        self._seen: deque[bytes] = deque(maxlen=SEEN_PIECES)
        self._count = 0
        self._lock = threading.Lock()
        self._pump = threading.Thread(target=self._run, name="gilprof program output", daemon=True)
        self._pump.start()

    def started(self) -> None:
        """The program has it: it has ended when the program, and whoever got it from there, have."""
        os.close(self._theirs)

    def hold(self) -> None:
        """Keep output back from now on."""
        with self._lock:
            self._held = True

    def release(self) -> None:
        """Write what was kept back; from now on everything as it comes, and what is typed goes to the program."""
        with self._lock:
            self._held = False
            self._replay()
        os.write(self._wake, b"r")

    def finish(self) -> None:
        """The program has ended: write what is left, and close the terminal. Can be called twice."""
        if self._finished:
            return
        self._finished = True
        os.write(self._wake, b"f")
        self._pump.join()
        self._replay()
        self._kept.close()
        for descriptor in (self._ours, self._woken, self._wake):
            os.close(descriptor)

    def newest(self) -> tuple[int, bytes]:
        """How many pieces of output there were, and the newest of them together."""
        with self._lock:
            return self._count, b"".join(self._seen)

    def type(self, text: str) -> bool:
        """A line for the program; False where it does not take any more."""
        return self._send(text.encode() + b"\n")

    def interrupt(self) -> bool:
        """As Ctrl-C does."""
        return self._send(INTERRUPT)

    def end_input(self) -> bool:
        """As Ctrl-D does."""
        return self._send(END_OF_INPUT)

    def resize(self, columns: int, rows: int) -> None:
        """The program sees a terminal of this size."""
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _send(self, typed: bytes) -> bool:
        _, writable, _ = select.select([], [self._ours], [], 0)
        if not writable:
            return False
        with contextlib.suppress(OSError):
            return os.write(self._ours, typed) == len(typed)
        return False

    def _run(self) -> None:
        """Take output until there can be no more, or the program has ended and all of its own is there."""
        typing = False
        while True:
            sources = [self._ours, self._woken, *([0] if typing else [])]
            ready, _, _ = select.select(sources, [], [], 0 if self._finished else None)
            if self._woken in ready:
                typing = os.read(self._woken, 1) == b"r"
            if 0 in ready:
                typing = self._pass_on_typed()
            if self._ours in ready:
                if not self._take():
                    return
            elif self._finished:
                return

    def _take(self) -> bool:
        try:
            piece = os.read(self._ours, PIECE)
        except OSError:  # EIO: nobody has it open any more
            return False
        with self._lock:
            self._count += 1
            self._seen.append(piece)
            if not self._held:
                _write_out(piece)
            else:
                self._keep(piece)
        return bool(piece)

    def _keep(self, piece: bytes) -> None:
        try:
            self._kept.write(piece)
        except OSError:
            self._lost = True

    def _replay(self) -> None:
        with contextlib.suppress(OSError):
            self._kept.flush()
        self._kept.seek(0)
        while piece := self._kept.read(PIECE):
            _write_out(piece)
        self._kept.seek(0)
        self._kept.truncate()
        if self._lost:
            _write_out(b"\ngilprof: some of the program's output is lost: there was no room for it\n")
            self._lost = False

    def _pass_on_typed(self) -> bool:
        """Whether more may come."""
        try:
            typed = os.read(0, PIECE)
        except OSError:
            return False
        self._send(typed or END_OF_INPUT)
        return bool(typed)


@contextmanager
def program_terminal(wanted: bool) -> Iterator[ProgramTerminal | None]:
    """One, where it is wanted; in the end everything that was written to it has been passed on."""
    terminal = ProgramTerminal() if wanted else None
    try:
        yield terminal
    finally:
        if terminal is not None:
            terminal.finish()


def _pass_on_unchanged(terminal: int) -> None:
    """Output as it was written, and no echo: the real terminal makes new lines and shows what is typed."""
    attributes = termios.tcgetattr(terminal)
    attributes[1] &= ~termios.OPOST
    attributes[3] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)


def _size_of_standard_output() -> tuple[int, int]:
    try:
        size = os.get_terminal_size(sys.stdout.fileno())
    except OSError:
        return 80, 24
    return size.columns, size.lines


def _write_out(piece: bytes) -> None:
    """To standard output; a terminal that was closed takes no more."""
    while piece:
        try:
            piece = piece[os.write(1, piece) :]
        except OSError:
            return
