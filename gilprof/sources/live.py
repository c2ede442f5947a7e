"""A running process as a source: the native sampler, and the names it cannot read."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from gilprof._native import Sampler
from gilprof.errors import GilprofError, NoSuchProcess, NotReadable, SamplerFailed
from gilprof.model import LOOK_DTYPE, PASS_DTYPE, Batch, ChildSeen, Function, Health, TargetInfo, ThreadSeen
from gilprof.sources.children import Children
from gilprof.target.memory import RemoteMemory
from gilprof.target.names import Named, thread_names
from gilprof.target.process import Process
from gilprof.target.resolve import ResolvedTarget, resolve
from gilprof.target.seccomp import check_process_vm_readv

NAMES_EVERY_S = 1.0
"""Threads may be renamed: names are read again this often, and whenever a thread appears."""
MAIN_THREAD = "MainThread"
"""The name of the process's first thread if Python runs in it and ``threading`` does not know it: nobody has imported
it, or gevent or eventlet has put greenlets in the place of threads."""
NAME_ATTEMPTS = 5
"""A thread that has just begun may not be known to ``threading`` yet: so many drains ask for its name."""
NAMES_SHARE = 0.1
"""Of a CPU, for reading names: that of thousands of threads takes some tenths of a second."""


Names = Callable[[], Mapping[int, Named]]
"""The names of the target's threads now, by ``threading.get_ident()``."""


class LiveSource:
    """Watches a process from outside: never stops it, never writes into it. Closes ``process`` and ``memory``.

    Raises NotReadable for a layout whose numbers cannot be, such as a hostile target tells; then they stay open.
    """

    def __init__(
        self,
        process: Process,
        memory: RemoteMemory,
        target: ResolvedTarget,
        rate_hz: float,
        names: Names | None = None,
        stdlib: Callable[[], tuple[str, ...]] | None = None,
        follows: bool = False,
        own: bool = False,
    ) -> None:
        """``follows``: ``rate_hz`` is where a CPU is free, and there are fewer passes where none is. ``own``: the
        process is this one. ``names``: where they come from, else from the target's memory. ``stdlib``: waits for the
        folders of the standard library of a target that has not imported it yet; called once sampling has begun."""
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
            gil_cond=target.layout.gil_cond_bytes,
            gil_mutex=target.layout.gil_mutex_bytes,
            stdlib=target.stdlib,
        )
        self._threads = ThreadNames(process, names or partial(thread_names, memory, target))
        self._children = Children(process.pid)
        self._own = own
        self._at_first: tuple[ChildSeen, ...] = ()
        """Children that no batch has told yet."""
        self._ended: str | None = None
        self._closed = False
        self._left: Batch | None = None
        self._failure = ""
        """What ended the sampler before its time; empty: nothing."""
        check_process_vm_readv(process.pid)  # refused, it would look to the sampler as if the process were gone
        try:
            self._sampler = Sampler(process.pid, target.layout, rate_hz, _cgroup_events(process.pid), follows)
        except ValueError as error:
            raise NotReadable(
                f"reading process {process.pid}", str(error), "its memory is damaged, or it is no release of CPython"
            ) from error
        self._sampler.start()
        if stdlib is not None:
            self.info = replace(self.info, stdlib=stdlib())
        if own:
            self._at_first = self._children.look()

    @classmethod
    def attach(
        cls, pid: int, rate_hz: float, names: Names | None = None, follows: bool = False, own: bool = False
    ) -> LiveSource:
        """Attach to ``pid`` and start sampling at ``rate_hz`` passes a second. ``names``, ``follows``, ``own``: as for
        the constructor.

        Raises NoSuchProcess, PermissionRefused or NotReadable: nothing was started then.
        """
        with ExitStack() as opened:
            process = opened.enter_context(Process(pid))
            try:
                memory = opened.enter_context(RemoteMemory(pid))
                source = cls(process, memory, resolve(process, memory), rate_hz, names, follows=follows, own=own)
            except GilprofError as error:
                if not process.is_same():
                    raise NoSuchProcess(f"attaching to process {pid}", "it ended meanwhile") from error
                raise
            opened.pop_all()
            return source

    @property
    def sampler_tid(self) -> int:
        """The kernel's number of the sampler's thread, which is one of this process."""
        return self._sampler.tid

    def drain(self) -> Batch | None:
        """What the sampler has gathered since the last call.

        None once the target's end was told, or after ``close`` what was left. Raises SamplerFailed, once all that the
        sampler has seen is taken out.
        """
        if self._closed:
            left, self._left = self._left, None
            return left
        if self._failure:
            raise SamplerFailed(
                f"sampling process {self._process.pid}", self._failure, "what was seen until then is kept"
            )
        return self._gather()

    def _gather(self, now: bool = False) -> Batch | None:
        """``now``: the children are looked at though it is not time for it."""
        if self._ended is not None:
            return None
        taken = self._sampler.drain()
        self._failure = taken["failure"]
        if taken["lost"]:
            self._ended = self._process.await_end_reason(self._memory)
        # Names first: in the own process each file that is read behind them may cost a wait for the GIL. There are
        # many for children: there they are looked at only while nothing else goes on, at the beginning and the end.
        threads = self._threads.update(taken["begun"], taken["ended"])
        children, self._at_first = self._at_first, ()
        if now or not self._own:
            children += self._children.look(now)
        return Batch(
            passes=np.frombuffer(taken["passes"], PASS_DTYPE),
            looks=np.frombuffer(taken["looks"], LOOK_DTYPE),
            functions=tuple(
                Function(_text(name), _text(file), first_line, flags)
                for name, file, first_line, flags in taken["functions"]
            ),
            frames=np.frombuffer(taken["frames"], np.int32).reshape(-1, 2),
            stacks=np.frombuffer(taken["stacks"], np.int32).reshape(-1, 2),
            threads=threads,
            health=Health(**taken["health"], unclaimed=self._threads.unclaimed),
            children=children,
            ended=self._ended,
        )

    def close(self) -> None:
        """Stop the sampler; what it has gathered by then can still be drained, once."""
        if self._closed:
            return
        self._sampler.stop()
        self._left = self._gather(now=True)
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
        self._named_so: Mapping[str, set[int]] = {}
        """By the names that were read last."""
        self._due_at = 0.0
        """When names may be read again though nobody waits for one."""
        self._affordable_at = 0.0
        """When they may be read again, at the earliest, for somebody who waits for one."""
        self._unnamed: dict[int, int] = {}
        """Threads whose names are asked for, and how often yet."""
        self._maybe_unclaimed: set[int] = set()
        self._unclaimed: set[int] = set()

    @property
    def unclaimed(self) -> int:
        """How many threads ``threading`` knows although the sampler has taken them for native."""
        return len(self._unclaimed)

    def update(self, begun: list[tuple[int, int, int]], ended: list[tuple[int, int]]) -> tuple[ThreadSeen, ...]:
        """Threads that are new, have another name than last told, or have ended.

        ``begun``: (id, tid, pthread_t or 0); ``ended``: (id, CLOCK_MONOTONIC in ns).
        """
        self._unnamed |= {number: NAME_ATTEMPTS for number, _, _ in begun}
        names = self._read_names()
        if names is not None:
            self._named_so = _by_kernel_name(names)
        changed: dict[int, ThreadSeen] = {}
        for number, tid, ident in begun:
            self._idents[number] = ident
            name, seen = self._kernel_name(tid), self._seen.get(number)
            if seen is None or seen.name == name:
                main = tid == self._process.pid and ident != 0
                changed[number] = ThreadSeen(number, tid, MAIN_THREAD if main else name)
        if names is not None:
            changed |= self._renamed(changed, names)
            self._find_unclaimed(changed, {named.native_id for named in names.values()})
        for number, t_ns in ended:
            self._unnamed.pop(number, None)
            last = changed.get(number) or self._seen.get(number)
            if last is not None:
                changed[number] = ThreadSeen(number, last.tid, last.name, t_ns)
            self._idents.pop(number, None)
        self._seen |= changed
        for number, _ in ended:
            self._seen.pop(number, None)
        return tuple(changed.values())

    def _read_names(self) -> Mapping[int, Named] | None:
        """None while it is too early to read them again, or there is nobody to name."""
        if not self._idents and not self._unnamed:
            return None
        now = time.monotonic()
        if now < max(self._affordable_at, 0.0 if self._unnamed else self._due_at):
            return None
        began_cpu = time.thread_time()  # what others do while this thread has no CPU or no GIL is no cost of it
        names = self._names()
        self._affordable_at = time.monotonic() + (time.thread_time() - began_cpu) / NAMES_SHARE
        self._due_at = now + NAMES_EVERY_S
        return names

    def _kernel_name(self, tid: int) -> str:
        """A thread begins with the name of the one that made it, which from 3.14 on is that thread's own."""
        comm = self._process.comm(tid)
        inherited = bool(self._named_so.get(comm, set()) - {tid})
        return comm if comm and not inherited else f"tid {tid}"

    def _find_unclaimed(self, fresh: Mapping[int, ThreadSeen], known: set[int]) -> None:
        """A thread that has just entered Python may be known here before the sampler's next pass: only at the second
        time is it one that the sampler has missed."""
        native = {number for number, ident in self._idents.items() if ident == 0}
        seen = {number: fresh.get(number) or self._seen.get(number) for number in native}
        suspects = {number for number, thread in seen.items() if thread is not None and thread.tid in known}
        self._unclaimed = (self._unclaimed & native) | (suspects & self._maybe_unclaimed)
        self._maybe_unclaimed = suspects

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


def _by_kernel_name(names: Mapping[int, Named]) -> Mapping[str, set[int]]:
    """The tids of the threads of each name."""
    tids: defaultdict[str, set[int]] = defaultdict(set)
    for named in names.values():
        tids[named.kernel_name].add(named.native_id)
    return tids


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
