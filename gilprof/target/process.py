"""A process seen from outside, through /proc/PID (proc(5)) and a pidfd (pidfd_open(2))."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from gilprof.errors import NoSuchProcess, NotReadable
from gilprof.target.access import refusal
from gilprof.target.ended import exit_reason, has_ended
from gilprof.target.memory import RemoteMemory, gone
from gilprof.target.seccomp import call_refused

ENDING_S = 2.0
"""From its first thread's end to its last one's, on a busy machine."""
MAX_MAPPINGS = 200_000
"""Lines of /proc/PID/maps that are looked at; the kernel's own default bound is 65,530."""
DEAD_STATES = ("Z", "X", "x")
PF_KTHREAD = 0x00200000
"""Bit of the flags in /proc/PID/stat (include/linux/sched.h)."""
_MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) (\S+) (\d+) *(.*)")


@dataclass(frozen=True, slots=True)
class Mapping:
    """One line of /proc/PID/maps: addresses from ``start`` up to ``end``, and the file behind them."""

    start: int
    end: int
    permissions: str
    """As in ``r-xp``."""
    offset: int
    """Bytes into the file."""
    device: str
    inode: int
    path: str
    """As the target names it; empty for anonymous memory."""


class Process:
    """Process ``pid``, told from a later one of the same number by its start time.

    Raises ``NoSuchProcess`` when there is none, when it is a zombie, or when it is a thread only, and
    ``NotReadable`` for the kernel's own.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.folder = Path("/proc") / str(pid)
        fields = self._stat()
        if fields[0] in DEAD_STATES:
            raise NoSuchProcess(f"looking at process {pid}", "it has ended (a zombie)", "check the PID")
        if int(fields[6]) & PF_KTHREAD:
            raise NotReadable(
                f"looking at process {pid}", "it is a thread of the kernel", "give the PID of a CPython process"
            )
        leader = _field(self._text("status"), "Tgid")
        if leader != str(pid):
            raise NoSuchProcess(
                f"looking at process {pid}", f"that is a thread of process {leader}", f"give {leader} instead"
            )
        self.start_ticks = int(fields[19])
        """Start time in clock ticks since boot: with the pid, the process's identity."""
        try:
            self._pidfd = os.pidfd_open(pid)
        except ProcessLookupError as error:
            raise gone(pid) from error
        except OSError as error:
            raise call_refused(pid, "pidfd_open", error.errno or 0) from error
        self.machine = os.uname().machine

    @property
    def command(self) -> tuple[str, ...]:
        """The arguments, the program's name first; undecodable bytes as in ``os.fsdecode``."""
        words = self._bytes("cmdline").rstrip(b"\0").split(b"\0")
        return tuple(os.fsdecode(word) for word in words)

    @property
    def process_started(self) -> float:
        """Unix time at which the process was started, in seconds, to the kernel's clock tick (10 ms)."""
        return time.clock_gettime(time.CLOCK_REALTIME) - self.age_s

    @property
    def executable(self) -> str:
        """Path of the program's file, as the target names it; empty for a kernel thread."""
        try:
            return str((self.folder / "exe").readlink())
        except PermissionError as error:
            raise refusal(self.pid, error) from error
        except (FileNotFoundError, ProcessLookupError):
            if not self.is_same():
                raise gone(self.pid) from None
            return ""

    @property
    def age_s(self) -> float:
        """Seconds since it was started."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) - self.start_ticks / os.sysconf("SC_CLK_TCK")

    @property
    def has_own_pid_namespace(self) -> bool:
        """Whether it numbers its threads in a namespace below gilprof's (a container seen from outside)."""
        return len(_field(self._text("status"), "NSpid").split()) > 1

    def is_same(self) -> bool:
        """Whether the pid still belongs to this process, alive or a zombie."""
        try:
            return int(self._stat()[19]) == self.start_ticks
        except NoSuchProcess:
            return False

    def maps(self) -> tuple[Mapping, ...]:
        """What is mapped in its address space now."""
        found = []
        for line in self._text("maps").splitlines()[:MAX_MAPPINGS]:
            match = _MAPPING.fullmatch(line)
            if match is None:
                continue
            start, end, permissions, offset, device, inode, path = match.groups()
            found.append(Mapping(int(start, 16), int(end, 16), permissions, int(offset, 16), device, int(inode), path))
        return tuple(found)

    def tids(self) -> frozenset[int]:
        """The kernel's numbers of its threads."""
        try:
            return frozenset(int(entry.name) for entry in (self.folder / "task").iterdir())
        except (FileNotFoundError, ProcessLookupError) as error:
            raise gone(self.pid) from error

    def comm(self, tid: int) -> str:
        """The kernel's name of a thread (at most 15 bytes); empty where it cannot be read, as once it has ended."""
        try:
            return os.fsdecode((self.folder / "task" / str(tid) / "comm").read_bytes()).rstrip("\n")
        except OSError:
            return ""

    def end_reason(self, memory: RemoteMemory) -> str | None:
        """None while the program that ``memory`` was opened on runs; then how it ended.

        ``exit``, ``signal N``, ``exec`` (it lives on as another program), or ``gone`` (it cannot be told).
        """
        if has_ended(self._pidfd):
            return exit_reason(self._pidfd, self.folder)
        if not memory.is_gone():
            return None
        # The address space goes before the process does: ask again, or an exit would look like an exec.
        return exit_reason(self._pidfd, self.folder) if has_ended(self._pidfd, wait_ms=100) else "exec"

    def await_end_reason(self, memory: RemoteMemory) -> str:
        """How the program ended that cannot be read any more: its first thread may go before the others do."""
        deadline = time.monotonic() + ENDING_S
        while (reason := self.end_reason(memory)) is None and time.monotonic() < deadline:
            has_ended(self._pidfd, wait_ms=10)
        return reason or "gone"

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._pidfd)

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _stat(self) -> list[str]:
        """The fields of /proc/PID/stat from the third (the state) on: the name before may hold anything."""
        return self._text("stat").rpartition(")")[2].split()

    def _text(self, name: str) -> str:
        return os.fsdecode(self._bytes(name))

    def _bytes(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except PermissionError as error:
            raise refusal(self.pid, error) from error
        except (FileNotFoundError, ProcessLookupError) as error:
            raise gone(self.pid) from error


def _field(status: str, name: str) -> str:
    """A field of /proc/PID/status; empty if it is not there."""
    match = re.search(rf"^{name}:\s*(.*)$", status, re.MULTILINE)
    return match[1] if match else ""
