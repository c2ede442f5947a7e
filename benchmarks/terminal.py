"""A program in a terminal of its own, which takes whatever it writes."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

SIZE = (60, 200)
"""Rows and columns: every table of the live view is on the screen."""


@contextmanager
def in_terminal(command: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[bytes], object]]]:
    """The process, and what presses keys; it is asked to end (SIGTERM) in the end, and awaited."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color"}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        reader = threading.Thread(target=_read, args=(ours,))
        reader.start()
        try:
            yield process, lambda keys: os.write(ours, keys)
        finally:
            process.terminate()
            process.wait()
            reader.join()
            os.close(ours)


def _read(terminal: int) -> None:
    """Until EIO: its other end is closed."""
    with suppress(OSError):
        while os.read(terminal, 65536):
            pass
