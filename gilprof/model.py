"""The types everything passes around: facts, definitions, states. No behaviour.

Facts (what the sampler saw) come as two structured arrays, ``PASS_DTYPE`` and ``LOOK_DTYPE``; what
they refer to by number (threads, functions, frames, stacks) comes beside them as definitions.
Verdicts (states, origins) are computed from the facts by ``gilprof.analysis`` and never stored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag, StrEnum

import numpy as np
import numpy.typing as npt


class State(IntEnum):
    """What a thread was doing at a look: exactly one of six (docs/words.md)."""

    HELD = 0
    HELD_BLOCKED = 1
    WAITING = 2
    RELEASED = 3
    BLOCKED = 4
    UNKNOWN = 5


class BlockedIn(IntEnum):
    """What a ``blocked`` or ``held_blocked`` thread was blocked in, by its system call."""

    LOCK = 0
    POLL = 1
    IO = 2
    SLEEP = 3
    PAGE = 4
    OTHER = 5
    CHILD = 6
    """Waiting for a child process: a part of what the reports have under ``other``."""


class Origin(IntEnum):
    """How a waiting thread came to want the GIL."""

    PREEMPTED = 0
    RETURNING = 1
    ENTERING = 2


STATE_NAMES: tuple[str, ...] = tuple(state.name.lower() for state in State)
BLOCKED_IN_NAMES: tuple[str, ...] = tuple(where.name.lower() for where in BlockedIn if where is not BlockedIn.CHILD)
"""As reports have them: ``other`` includes CHILD."""
ORIGIN_NAMES: tuple[str, ...] = tuple(origin.name.lower() for origin in Origin)

NONE = -1
"""In an id column: there is none (no holder, no Python frame, no parent frame)."""
UNREADABLE = -2
"""In an id column: there is one, and it could not be read (torn, freed, not in the thread list)."""

SYSCALL_OUTSIDE = -1
"""Blocked, but not in a system call: a page fault."""
SYSCALL_RUNNING = -2
"""Runnable: on a CPU or queued for one; the kernel does not say which."""
SYSCALL_UNREADABLE = -3

SCHEDSTAT_UNREADABLE = 2**64 - 1
"""In ``cpu_ns`` and ``queued_ns``: the kernel's account could not be read."""
TIMESLICES_UNREADABLE = 2**32 - 1
"""In ``timeslices``: the kernel's account could not be read."""


class FactKind(StrEnum):
    """What a source may capture. The rules of classifying are made for sources that capture all of it."""

    GIL = "gil"
    """Who has the GIL, how often it changed hands, whether somebody has asked for it."""
    STACKS = "stacks"
    INSTRUCTIONS = "instructions"
    """Whether the innermost frame stands on a check of the eval breaker."""
    COLLECTIONS = "collections"
    """Whether a garbage collection is under way."""
    SYSCALLS = "syscalls"
    """Whether a thread is runnable, else its system call, and the futex that it is asleep on."""
    SCHEDSTAT = "schedstat"
    """The kernel's account of CPU time, queues and slices."""
    MUTEX_USERS = "mutex_users"
    """How many threads are about to take or drop the GIL."""


NATIVE_FACTS = tuple(kind.value for kind in FactKind)
"""What gilprof's own sampler captures."""


class PassFlag(IntFlag):
    """Bits of ``PASS_DTYPE['flags']``."""

    LOCKED = 1
    """The GIL was locked at the pass's first reading."""
    DROP_REQUEST = 2
    """Somebody had asked the holder to drop the GIL."""
    COLLECTING = 4
    """A garbage collection was under way."""
    TORN = 8
    """The GIL's holder or switch number differed between the pass's first and last reading."""
    STOPPED = 16
    """The target was stopped (SIGSTOP, a tracer) or frozen (cgroup)."""


class LookFlag(IntFlag):
    """Bits of ``LOOK_DTYPE['flags']``."""

    HOLDER_BEFORE = 1
    """The thread was the GIL's holder in the reading before the look."""
    HOLDER_AFTER = 2
    """The thread was the GIL's holder in the reading after the look."""
    TORN = 4
    """The two readings around the look differ in the switch number, the lock or the holder."""
    PYTHON = 8
    """The interpreter has a thread state for this thread."""
    EVAL_CHECK = 16
    """The innermost frame stands on an instruction that checks the eval breaker and calls nothing
    (``RESUME``, ``JUMP_BACKWARD`` and their variants): off the GIL there, it was made to drop it."""
    MUTEX_OWNER = 32
    """The thread owns one of the GIL's two mutexes: it is taking or dropping the GIL."""
    LAST_HOLDER = 64
    """The GIL is free in the reading before the look, and nobody has had it since this thread (``last_holder``). A
    switch number that has grown since a look at the same thread tells that it took the GIL in between."""


PASS_DTYPE = np.dtype(
    [
        ("t_ns", "<i8"),
        ("switch_number", "<u8"),
        ("span_ns", "<u4"),
        ("look_count", "<u4"),
        ("holder", "<i4"),
        ("mutex_users", "<u2"),
        ("switch_users", "<u2"),
        ("flags", "<u4"),
        ("gap_ns", "<u4"),
        ("domain", "<i4"),
        ("reserved", "<u4"),
    ]
)
"""One row a pass and GIL domain. The rows of a pass have the same ``t_ns`` and come in the order of their domains
(``gilprof.facts.passes``). ``t_ns``: CLOCK_MONOTONIC when the first GIL was first read. ``span_ns``: from there to the
last reading of the domain's GIL. ``look_count``: rows of ``LOOK_DTYPE`` that belong to the row, in order: the threads
of the domain; in the pass's first row also those that belong to none. ``domain``: a ``GilDomain``'s id; ``NONE``: the
looks are of threads without any GIL. ``holder``: the thread that has the GIL (``NONE``: nobody; ``UNREADABLE``: locked
by a thread state that is not in the list). ``mutex_users`` and ``switch_users``: threads that have locked one of the
GIL's two mutexes, or wait on its condition variable, asleep or woken (glibc's ``__nusers``). ``gap_ns``: where the
rate follows what is free, the mean gap that was aimed at before the pass; else 0."""

LOOK_DTYPE = np.dtype(
    [
        ("cpu_ns", "<u8"),
        ("queued_ns", "<u8"),
        ("futex", "<u8"),
        ("timeslices", "<u4"),
        ("thread", "<i4"),
        ("stack", "<i4"),
        ("syscall", "<i2"),
        ("gil_word", "<i2"),
        ("flags", "<u4"),
        ("reserved", "<u4"),
    ]
)
"""One row a thread and pass. ``cpu_ns``, ``queued_ns``, ``timeslices``: the thread's cumulative schedstat
(proc(5)), or ``SCHEDSTAT_UNREADABLE`` and ``TIMESLICES_UNREADABLE``; exact when the thread is off the CPU, up to a tick
stale while it is on one. ``futex``: the
address a futex call waits on, 0 for every other call. ``gil_word``: that address's offset inside the
GIL's struct, -1 outside it. ``stack``: a stack's id, ``NONE`` without Python frames, ``UNREADABLE``."""

PassArray = npt.NDArray[np.void]
LookArray = npt.NDArray[np.void]
IntPairs = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Function:
    """A code object: qualified name, file, first line; -1 where it could not be read."""

    name: str
    file: str
    first_line: int
    flags: int = 0
    """``co_flags``; 0: not known."""

    @property
    def suspends(self) -> bool:
        """It is a generator or a coroutine: on a stack only while it runs (CO_GENERATOR, CO_COROUTINE,
        CO_ASYNC_GENERATOR in Include/cpython/code.h)."""
        return bool(self.flags & 0x2A0)


@dataclass(frozen=True, slots=True)
class ThreadSeen:
    """A thread as it was first seen, and again whenever its name or end becomes known.

    ``id`` is never reused; ``tid`` is the kernel's. ``name`` as ``threading`` knows it, else the kernel's
    ``comm``. ``ended_ns`` is CLOCK_MONOTONIC, None while it lives.
    """

    id: int
    tid: int
    name: str
    ended_ns: int | None = None


@dataclass(frozen=True, slots=True)
class GilDomain:
    """The interpreters of a process that share one GIL."""

    id: int
    interpreters: tuple[int, ...]
    """Their ids, as CPython numbers them: 0 is the main one."""


@dataclass(frozen=True, slots=True)
class SectionMark:
    """A stretch of its own code that a thread of the profiled process names begins, or ends."""

    name: str
    tid: int
    t_ns: int
    """CLOCK_MONOTONIC."""
    begins: bool


@dataclass(frozen=True, slots=True)
class ChildSeen:
    """A process below the target, as it was first seen, and again whenever it has used more CPU or has ended."""

    id: int
    """Never reused, as PIDs are."""
    pid: int
    parent: int
    """Its parent's PID: the target, or another one of these."""
    command: tuple[str, ...]
    """The beginning of it; empty where it cannot be read."""
    python: bool
    """Its program seems to be a Python."""
    t_ns: int
    """CLOCK_MONOTONIC of the look."""
    cpu_ns: int
    """CPU time since the observation began, or since the child did, in clock ticks of 10 ms."""
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Health:
    """The sampler's own account, cumulative since its start."""

    passes: int = 0
    torn: int = 0
    """Passes in which the GIL changed between the first and the last reading."""
    dropped: int = 0
    """Passes that the full ring could not take."""
    read_errors: int = 0
    """Threads or frames that could not be read in a pass."""
    truncated_stacks: int = 0
    """Stacks cut at the depth bound, or not interned because the table is full."""
    sampler_cpu_ns: int = 0
    """CPU time of the sampler thread."""
    drain_cpu_ns: int | None = None
    """In a profile of the own process, CPU time of the thread that takes the facts away, with the GIL for the most
    part; None from outside, where it costs the target nothing."""
    interpreters: int = 1
    """The most interpreters ever seen at once; only the main one is observed."""
    short_slice: bool = True
    """The kernel lets the sampler be punctual when every CPU is busy: it gave it a short scheduler slice (Linux 6.12
    and later), or runs it by a policy that has no use for one."""
    limited_hz: float | None = None
    """The rate that the sampler keeps to, as its passes take long; None: that which was asked for."""
    unclaimed: int = 0
    """Threads that ``threading`` knows, and whose thread state was not found: they count as native."""


FIRST_PROCESS = 0
"""The number of the process that a source's ``info`` describes."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one drain brought of one process: facts in the order of time, and what they newly refer to.

    ``functions``, ``frames`` and ``stacks`` continue the tables of the batches before: the first row's id is
    the number of rows so far. ``frames``: int32 (n, 2), function id and line (0: unknown). ``stacks``: int32
    (n, 2), parent stack id (``NONE``: outermost) and frame id; a stack is its innermost frame's row.
    """

    passes: PassArray
    looks: LookArray
    functions: tuple[Function, ...] = ()
    frames: IntPairs = field(default_factory=lambda: np.empty((0, 2), np.int32))
    stacks: IntPairs = field(default_factory=lambda: np.empty((0, 2), np.int32))
    threads: tuple[ThreadSeen, ...] = ()
    health: Health = Health()
    sections: tuple[SectionMark, ...] = ()
    """In the order of time: all up to the last pass, at least."""
    children: tuple[ChildSeen, ...] = ()
    """In the order of time."""
    domains: tuple[GilDomain, ...] = ()
    """Those that were not there when the profile began (``TargetInfo.domains``), and those that have changed."""
    ended: str | None = None
    """None while the target lives; then ``exit``, ``signal N``, ``exec`` or ``gone``."""
    process: int = FIRST_PROCESS
    """The process's number in the session. All ids in the facts and definitions are of that process alone."""
    target: TargetInfo | None = None
    """The process: in the first batch of each but ``FIRST_PROCESS``."""


@dataclass(frozen=True, slots=True)
class TargetInfo:
    """The process and how it is observed; constant during a profile."""

    pid: int
    command: tuple[str, ...]
    python: str
    build: str
    process_started: float
    """Unix time, seconds."""
    asked_hz: float
    switch_interval_ns: int
    wall_anchor: tuple[int, int]
    """One instant on both clocks: (Unix time in ns, CLOCK_MONOTONIC in ns)."""
    machine: str = "x86_64"
    """As ``uname -m``: system calls are numbered by it."""
    backend: str = "native"
    """What took the passes."""
    captured: tuple[str, ...] = NATIVE_FACTS
    """What kinds of facts there are (``FactKind``, or later ones)."""
    gil_cond: tuple[int, int] = (32, 80)
    """Where the waiters' condition variable lies in the GIL's struct: first byte, byte behind the last."""
    gil_mutex: tuple[int, int] = (80, 120)
    """Where the mutex around it lies there: first byte, byte behind the last."""
    domains: tuple[GilDomain, ...] = (GilDomain(0, (0,)),)
    """Those that were there when the profile began."""
    stdlib: tuple[str, ...] = ()
    """Folders of the target's standard library, for telling own functions from it."""
