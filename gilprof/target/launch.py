"""Starts the program that is to be profiled, and tells how it ended."""

from __future__ import annotations

import errno
import os
import shutil
import signal
from collections.abc import Iterable, Sequence

from gilprof.errors import GilprofError

NOT_FOUND, NOT_EXECUTABLE = 127, 126
"""What a shell's status is for a command that it cannot start (POSIX, "Exit Status for Commands")."""
BY_SIGNAL = 128
"""A shell's status for a command that signal N ended is 128 + N."""
IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
"""What CPython ignores in itself (Python/pylifecycle.c) and a program would inherit as ignored."""


class CannotStart(GilprofError):
    """The system could not execute the command."""

    def __init__(self, command: str, error: OSError) -> None:
        self.status = NOT_FOUND if error.errno in (errno.ENOENT, errno.ENOTDIR) else NOT_EXECUTABLE
        super().__init__(f"starting {command}", error.strerror or str(error), "check its name and that it can be run")


class Launched:
    """A child process of gilprof. It stays a zombie until ``reap``: how it ended can be asked any time."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def has_ended(self) -> bool:
        """Whether it has ended."""
        return self._ending() is not None

    def end_reason(self) -> str | None:
        """None while it runs; then ``exit`` or ``signal N``."""
        ending = self._ending()
        if ending is None:
            return None
        return "exit" if ending.si_code == os.CLD_EXITED else f"signal {ending.si_status}"

    def stopped_by(self) -> int | None:
        """The signal that has stopped it since this was last asked; None for none."""
        try:
            stop = os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOHANG)
        except ChildProcessError:  # it has ended: there is nothing to wait for but that
            return None
        return None if stop is None else stop.si_status

    def send(self, number: int) -> None:
        """Send it a signal; one that has ended takes none."""
        if not self.has_ended():
            os.kill(self.pid, number)

    def reap(self) -> int:
        """Wait for its end: its status as a shell has it."""
        _, wait_status = os.waitpid(self.pid, 0)
        code = os.waitstatus_to_exitcode(wait_status)
        return code if code >= 0 else BY_SIGNAL - code

    def _ending(self) -> os.waitid_result | None:
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)


def launch(command: Sequence[str], blocked: Iterable[int], terminal: str | None = None) -> Launched:
    """Execute ``command`` as a shell would start it from here, with the signals in ``blocked`` blocked.

    It has gilprof's standard streams and all inheritable descriptors, its process group, environment and
    working folder; with a ``terminal`` (its path), that as its standard streams and controlling terminal, in a
    session of its own. Raises CannotStart.
    """
    try:
        return Launched(_spawn(command, blocked, terminal))
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise CannotStart(command[0], error) from error
    # A script without a ``#!`` line: for the shell, as with execvp(3).
    script = shutil.which(command[0]) or command[0]
    try:
        return Launched(_spawn(["/bin/sh", script, *command[1:]], blocked, terminal))
    except OSError as error:
        raise CannotStart(command[0], error) from error


def _spawn(command: Sequence[str], blocked: Iterable[int], terminal: str | None) -> int:
    # The leader of a new session that opens a terminal gets it as the controlling one (credentials(7)).
    streams = (
        []
        if terminal is None
        else [
            (os.POSIX_SPAWN_OPEN, 0, terminal, os.O_RDWR, 0),
            (os.POSIX_SPAWN_DUP2, 0, 1),
            (os.POSIX_SPAWN_DUP2, 0, 2),
        ]
    )
    # The kernel lets posix_spawn return just before the child gets an address space of its own (exec_mm_release in
    # fs/exec.c): what is at its /proc/PID/mem then is gilprof. It closes descriptors after that.
    read, write = os.pipe()
    try:
        try:
            pid = os.posix_spawnp(
                command[0],
                list(command),
                os.environ,
                file_actions=streams,
                setsid=terminal is not None,
                setsigmask=list(blocked),
                setsigdef=IGNORED_BY_PYTHON,
            )
        finally:
            os.close(write)
        os.read(read, 1)
    finally:
        os.close(read)
    return pid
