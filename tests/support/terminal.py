"""A terminal with a program on it, for a test to type into and to read from."""

from __future__ import annotations

import os
import pty
import select
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

TIMEOUT_S = 60.0
POLL_S = 0.05


class Terminal:
    """The master's side."""

    def __init__(self, pid: int, fd: int) -> None:
        self.pid = pid
        """The session's leader."""
        self._fd = fd
        self._unread = ""

    def type(self, text: str) -> None:
        """What a user types; control characters do what they do."""
        os.write(self._fd, text.encode())

    def await_text(self, text: str) -> str:
        """Everything up to and with ``text``, as it was written since the last call."""
        deadline = time.monotonic() + TIMEOUT_S
        while text not in self._unread:
            read = self._read(deadline - time.monotonic())
            assert read, f"{text!r} never came: {self._unread!r}"
            self._unread += read
        before, _, self._unread = self._unread.partition(text)
        return before + text

    def end(self) -> tuple[int, str]:
        """Wait for the leader's end: its status, and what was still to be read."""
        deadline = time.monotonic() + TIMEOUT_S
        while read := self._read(deadline - time.monotonic()):
            self._unread += read
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status), self._unread

    def hang_up(self) -> int:
        """Close the terminal: the status of the leader, which ends by itself."""
        os.close(self._fd)
        self._fd = -1
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(POLL_S)
        raise AssertionError("it lingers after its terminal")

    def close(self) -> None:
        """The kernel hangs up whoever still has it."""
        if self._fd >= 0:
            os.close(self._fd)

    def _read(self, timeout_s: float) -> str:
        """The next piece; empty when nobody has the terminal any more, or the time is up."""
        if not select.select([self._fd], [], [], max(timeout_s, 0))[0]:
            return ""
        try:
            return os.read(self._fd, 65536).decode(errors="replace")
        except OSError:  # EIO: the other side was closed
            return ""


@contextmanager
def terminal(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Iterator[Terminal]:
    """Run ``command`` as leader of a new session with a terminal of its own.

    At the end the terminal is closed: the kernel hangs up the leader and the group in the foreground.
    """
    pid, fd = pty.fork()
    if pid == 0:
        try:
            os.chdir(folder)
            os.execvpe(command[0], list(command), dict(environment))
        finally:
            os._exit(127)
    opened = Terminal(pid, fd)
    try:
        yield opened
    finally:
        opened.close()
        with suppress(ChildProcessError):  # ``end`` has waited
            _await_end(pid)


def _await_end(pid: int) -> None:
    """Kills it where a hang-up was not enough."""
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return
        time.sleep(POLL_S)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
