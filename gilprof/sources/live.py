"""A running process as a source: the native sampler, and the names it cannot read."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from gilprof._native import Sampler
from gilprof.errors import GilprofError, NoSuchProcess, NotReadable
from gilprof.model import LOOK_DTYPE, PASS_DTYPE, Batch, Function, Health, TargetInfo, ThreadSeen
from gilprof.target.memory import RemoteMemory
from gilprof.target.names import Named, thread_names
from gilprof.target.process import Process
from gilprof.target.resolve import ResolvedTarget, resolve
from gilprof.target.seccomp import check_process_vm_readv

NAMES_EVERY_S = 1.0
"""Threads may be renamed: names are read again this often, and whenever a thread appears."""
NAME_ATTEMPTS = 5
"""A thread that has just begun may not be known to ``threading`` yet: so many drains ask for its name."""


Names = Callable[[], Mapping[int, Named]]
"""The names of the target's threads now, by ``threading.get_ident()``."""


class LiveSource:
    """Watches a process from outside: never stops it, never writes into it.

    Raises NotReadable for a layout whose numbers cannot be, such as a hostile target tells.
    """

    def __init__(
        self,
        process: Process,
        memory: RemoteMemory,
        target: ResolvedTarget,
        rate_hz: float,
        names: Names | None = None,
        stdlib: Callable[[], tuple[str, ...]] | None = None,
    ) -> None:
        """``names``: where they come from, else from the target's memory. ``stdlib``: waits for the folders of the
        standard library of a target that has not imported it yet; called once sampling has begun."""
        self._process = process
        self._memory = memory
        self._target = target
        self.info = TargetInfo(
            pid=process.pid,
            command=process.command,
            python=target.python,
            build=target.build,
            process_started=process.process_started,
            asked_hz=rate_hz,
            switch_interval_ns=target.switch_interval_ns,
            wall_anchor=(time.time_ns(), time.monotonic_ns()),
            machine=process.machine,
            stdlib=target.stdlib,
        )
        self._threads = ThreadNames(process, names or partial(thread_names, memory, target))
        self._ended: str | None = None
        self._closed = False
        self._left: Batch | None = None
        check_process_vm_readv(process.pid)  # refused, it would look to the sampler as if the process were gone
        _allow_many_files()
        try:
            self._sampler = Sampler(process.pid, target.layout, rate_hz, _cgroup_events(process.pid))
        except ValueError as error:
            raise NotReadable(
                f"reading process {process.pid}", str(error), "its memory is damaged, or it is no release of CPython"
            ) from error
        self._sampler.start()
        if stdlib is not None:
            self.info = replace(self.info, stdlib=stdlib())

    @classmethod
    def attach(cls, pid: int, rate_hz: float, names: Names | None = None) -> LiveSource:
        """Attach to ``pid`` and start sampling at ``rate_hz`` passes a second. ``names``: as for the constructor.

        Raises NoSuchProcess, PermissionRefused or NotReadable: nothing was started then.
        """
        process = Process(pid)
        try:
            memory = RemoteMemory(pid)
            target = resolve(process, memory)
        except GilprofError as error:
            if not process.is_same():
                raise NoSuchProcess(f"attaching to process {pid}", "it ended meanwhile") from error
            raise
        return cls(process, memory, target, rate_hz, names)

    @property
    def sampler_tid(self) -> int:
        """The kernel's number of the sampler's thread, which is one of this process."""
        return self._sampler.tid

    def drain(self) -> Batch | None:
        """What the sampler has gathered since the last call.

        None once the target's end was told, or after ``close`` what was left.
        """
        if self._closed:
            left, self._left = self._left, None
            return left
        return self._gather()

    def _gather(self) -> Batch | None:
        if self._ended is not None:
            return None
        taken = self._sampler.drain()
        if taken["lost"]:
            self._ended = self._process.await_end_reason(self._memory)
        threads = self._threads.update(taken["begun"], taken["ended"])
        return Batch(
            passes=np.frombuffer(taken["passes"], PASS_DTYPE),
            looks=np.frombuffer(taken["looks"], LOOK_DTYPE),
            functions=tuple(
                Function(_text(name), _text(file), first_line) for name, file, first_line in taken["functions"]
            ),
            frames=np.frombuffer(taken["frames"], np.int32).reshape(-1, 2),
            stacks=np.frombuffer(taken["stacks"], np.int32).reshape(-1, 2),
            threads=threads,
            health=Health(**taken["health"]),
            ended=self._ended,
        )

    def close(self) -> None:
        """Stop the sampler; what it has gathered by then can still be drained, once."""
        if self._closed:
            return
        self._sampler.stop()
        self._left = self._gather()
        self._closed = True
        self._memory.close()
        self._process.close()


class ThreadNames:
    """Who the threads are: their names as ``threading`` knows them, else the kernel's."""

    def __init__(self, process: Process, names: Names) -> None:
        self._process = process
        self._names = names
        self._idents: dict[int, int] = {}
        self._seen: dict[int, ThreadSeen] = {}
        self._read_at = 0.0
        self._unnamed: dict[int, int] = {}
        """Threads whose names are asked for, and how often yet."""

    def update(self, begun: list[tuple[int, int, int]], ended: list[tuple[int, int]]) -> tuple[ThreadSeen, ...]:
        """Threads that are new, have another name than last told, or have ended.

        ``begun``: (id, tid, pthread_t or 0); ``ended``: (id, CLOCK_MONOTONIC in ns).
        """
        now = time.monotonic()
        names: Mapping[int, Named] = {}
        self._unnamed |= {number: NAME_ATTEMPTS for number, _, _ in begun}
        if self._unnamed or now - self._read_at >= NAMES_EVERY_S:
            self._read_at = now
            names = self._names()
        told: dict[int, ThreadSeen] = {}
        for number, tid, ident in begun:
            self._idents[number] = ident
            if number not in self._seen:
                told[number] = ThreadSeen(number, tid, self._kernel_name(tid, names))
        told |= self._renamed(told, names)
        for number, t_ns in ended:
            self._unnamed.pop(number, None)
            last = told.get(number) or self._seen.get(number)
            if last is not None:
                told[number] = ThreadSeen(number, last.tid, last.name, t_ns)
            self._idents.pop(number, None)
        self._seen |= told
        for number, _ in ended:
            self._seen.pop(number, None)
        return tuple(told.values())

    def _kernel_name(self, tid: int, names: Mapping[int, Named]) -> str:
        """A thread begins with the name of the one that made it, which from 3.14 on is that thread's own."""
        comm = self._process.comm(tid)
        inherited = any(named.kernel_name == comm and named.native_id != tid for named in names.values())
        return comm if comm and not inherited else f"tid {tid}"

    def _renamed(self, fresh: dict[int, ThreadSeen], names: Mapping[int, Named]) -> dict[int, ThreadSeen]:
        changed: dict[int, ThreadSeen] = {}
        for number, ident in self._idents.items():
            last = fresh.get(number) or self._seen.get(number)
            named = names.get(ident)
            if last is None or named is None or last.tid not in (named.native_id, self._process.pid):
                continue
            self._unnamed.pop(number, None)
            if named.name != last.name:
                changed[number] = ThreadSeen(number, last.tid, named.name)
        self._unnamed = {number: left - 1 for number, left in self._unnamed.items() if left > 1}
        return changed


def _text(utf8: bytes) -> str:
    return utf8.decode("utf-8", "surrogatepass")


def _allow_many_files() -> None:
    """Two descriptors a thread stay open: raise the soft limit as far as it goes without privilege."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _cgroup_events(pid: int) -> str:
    """The ``cgroup.events`` file that tells whether the target is frozen (cgroup v2); '' without one."""
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    except OSError:
        return ""
    for line in lines:
        path = Path("/sys/fs/cgroup", line[3:].lstrip("/"), "cgroup.events")
        if line.startswith("0::") and path.exists():
            return str(path)
    return ""
