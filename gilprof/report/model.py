"""The typed values of ``report --json``: names, order and units as docs/report-json.md has them.

Seconds are floats, shares are of 1, what is not known is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gilprof.model import NATIVE_FACTS
from gilprof.report.answer.model import Answer

SCHEMA = "gilprof.report/1"

Seconds = Mapping[str, float]
"""Seconds by state, by origin or by what a thread was blocked in; every name always there."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How well the process was observed."""

    asked_hz: float
    rate_hz: float | None
    passes: int
    missed: int
    torn: int
    unknown: float | None
    """Share of all threads' time."""
    dropped: int
    read_errors: int
    truncated_stacks: int
    sampler_cpu_s: float
    """CPU time of gilprof's sampling thread since it began."""
    drain_cpu_s: float | None
    """In a profile of the own process, CPU time of the thread that takes the facts away, which needs the GIL; None from
    outside."""
    limited_hz: float | None
    """The rate that the sampler kept to in the end, as its passes took long; None: that which was asked for."""
    aimed_hz: float | None
    """The rate that the sampler aimed at, on average: below ``asked_hz`` where it followed what was free."""
    short_slice: bool
    """Whether the kernel let the sampler be punctual when every CPU was busy."""
    unclaimed: int
    """Python threads whose thread state was not found: they count as native."""


@dataclass(frozen=True, slots=True)
class Gil:
    """One GIL; shares of the process's ``observed_s``."""

    id: int
    interpreters: tuple[int, ...]
    enabled: bool
    switch_interval_s: float
    switches: int
    held: float | None
    held_blocked: float | None
    handover: float | None
    torn: float | None
    contended: float | None
    waiters_mean: float | None


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread, or (``folded`` > 0) that many ended ones whose names follow one pattern."""

    id: int
    tid: int | None
    name: str
    gil: int | None
    """The last one that it belonged to; None: Python does not know the thread."""
    alive_s: float
    cpu_s: float
    queued_s: float
    blamed_s: float
    blocking_s: float | None
    seconds: Seconds
    waiting: Seconds
    blocked: Seconds
    held_blocked: Seconds
    folded: int = 0
    for_child_s: float = 0.0
    """Of ``blocked``'s ``other``: waiting for a child process."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a function, while the function was on top; None where the line is not known."""

    line: int | None
    self: Seconds
    overdue_s: float
    blamed_s: float


@dataclass(frozen=True, slots=True)
class Function:
    """A function over all threads; pseudo-functions have neither file nor line."""

    id: int
    name: str
    file: str | None
    line: int | None
    own: bool
    self: Seconds
    total: Seconds
    overdue_s: float
    blamed_s: float
    blamed_total_s: float
    blocking_s: float | None
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class BlameRow:
    """Waiting of ``waiter`` while ``holder`` had the GIL; ``why`` there was no holder: handover, torn."""

    holder: int | None
    why: str | None
    waiter: int
    seconds: float
    waiting: Seconds
    """Its parts by origin."""
    overdue_s: float
    """Of it, while the holder was overdue."""
    holder_line: int | None = None
    """Where the holder was for the most of it; None for threads and where it is not known."""
    waiter_line: int | None = None


@dataclass(frozen=True, slots=True)
class Blame:
    """Who waited for whom: by thread, by top function, by own function. Each adds up to all waiting."""

    threads: tuple[BlameRow, ...]
    functions: tuple[BlameRow, ...]
    own: tuple[BlameRow, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """What the threads did in the stretches that the program named so."""

    name: str
    count: int
    """Stretches that have begun."""
    wall_s: float
    """Sum of their lengths, by the program's own stamps."""
    seconds: Seconds
    """Of the thread that each is of."""


@dataclass(frozen=True, slots=True)
class BelowResolution:
    """Episodes shorter than three gaps between passes: how many were seen, and how many there were by the chance of
    each to be seen."""

    seen: int
    corrected: float


@dataclass(frozen=True, slots=True)
class Lengths:
    """Waits or turns of one thread at one line of an own function."""

    thread: int
    function: int | None
    """None: functions with few episodes, folded together."""
    line: int | None
    count: float
    """All of them, corrected for the chance of having been seen."""
    p50_s: float | None
    """Each None where it is below resolution."""
    p90_s: float | None
    p99_s: float | None
    max_s: float | None
    below_resolution: BelowResolution


@dataclass(frozen=True, slots=True)
class Culprit:
    """Who had the GIL for the most of a wait, and for how long of it."""

    thread: int
    function: int | None
    line: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Victim:
    """Who waited when a turn ended, and how long for that turn."""

    thread: int
    seconds: float


@dataclass(frozen=True, slots=True)
class WorstEpisode:
    """One wait or turn."""

    kind: str
    """``wait`` or ``turn``."""
    start_s: float
    """Seconds after the process's ``started``."""
    seconds: float
    error_s: float | None
    """``start_s`` and ``seconds`` are at most so much off; None: not known."""
    thread: int
    function: int | None
    line: int | None
    """Where it waited; where the turn was for the longest at a stretch."""
    holder: Culprit | None
    """Of waits."""
    victims: tuple[Victim, ...]
    """Of turns."""
    origin: str | None
    """Of waits."""
    overdue_s: float
    """Of it, while the holder was overdue."""


@dataclass(frozen=True, slots=True)
class Episodes:
    """Waits and turns: their lengths by thread, own function and line, those with the longest total first; and the
    worst ones of each kind, worst first."""

    waits: tuple[Lengths, ...]
    turns: tuple[Lengths, ...]
    worst: tuple[WorstEpisode, ...]


@dataclass(frozen=True, slots=True)
class Stall:
    """A stretch in which a thread waited for the GIL for longer than the limit."""

    start_s: float
    """Seconds after the process's ``started``."""
    seconds: float
    holder: int | None
    """The thread that had the GIL for the most of it; None: not known."""
    function: int | None
    line: int | None
    """Where it had it; None: not known."""
    victims: tuple[Victim, ...]
    """Who waited, longest first."""
    cause: str | None
    """``garbage collection``: one on top of the holder's stack took the most of it; ``queued``: the holder had no CPU,
    or without a holder who waited had none; else None."""
    gc_s: float
    """Of it, with a collection."""
    queued_s: float
    """Of it, with a holder without a CPU."""


@dataclass(frozen=True, slots=True)
class SlowSpan:
    """One long stay of a function on a thread's stack, or of a loop in a callback."""

    thread: int
    function: int | None
    line: int | None
    """The own function and line where it was the longest."""
    start_s: float
    """Seconds after the process's ``started``."""
    seconds: float
    error_s: float | None
    """``start_s`` and ``seconds`` are at most so much off; None: not known."""
    states: Seconds
    """What the thread did meanwhile; of observed time."""
    waited_for: tuple[Culprit, ...]
    """Those who had the GIL while it waited, longest first."""


@dataclass(frozen=True, slots=True)
class Span:
    """The stays of one function on its threads' stacks."""

    name: str
    """As it was asked for."""
    count: float
    """All of them, corrected for the chance of having been seen."""
    seen: int
    p50_s: float | None
    """Each None where it is below resolution."""
    p90_s: float | None
    p99_s: float | None
    max_s: float | None
    seconds: Seconds
    """What the threads did in them, all together."""
    at_least: bool
    """Many were too short to be told from the gaps between passes: there were ``count`` of them, or more."""
    only_running: bool
    """It is a coroutine or generator, which is on a stack only while it runs: each of its steps is a span."""
    slowest: tuple[SlowSpan, ...]


@dataclass(frozen=True, slots=True)
class HeldUpBy:
    """Why a loop was held up: one of the two, or neither where it is one of many rare reasons."""

    count: int
    function: int | None
    """This function itself took the time."""
    waiting_for: int | None
    """It waited for this thread, which had the GIL."""


@dataclass(frozen=True, slots=True)
class Loop:
    """The event loop of a thread, and its stays in callbacks."""

    thread: int
    kind: str
    """``asyncio``, ``runner`` (another loop under ``asyncio.Runner``, such as uvloop), ``gevent``."""
    count: float
    """All of them, corrected for the chance of having been seen."""
    seen: int
    p50_s: float | None
    """Each None where it is below resolution."""
    p90_s: float | None
    p99_s: float | None
    max_s: float | None
    seconds: Seconds
    """What the thread did in them."""
    held_up_limit_s: float
    held_up: int
    """Stays longer than that."""
    held_up_by: tuple[HeldUpBy, ...]
    """The most frequent first."""
    slowest: tuple[SlowSpan, ...]


@dataclass(frozen=True, slots=True)
class Child:
    """A process below the one that is observed; the busiest come first."""

    pid: int
    parent: int
    command: tuple[str, ...]
    """The beginning of it; empty where it could not be read."""
    python: bool
    """Its program seems to be a Python."""
    ended: bool
    cpu_s: float
    """While the process was observed; the kernel counts in ticks of 10 ms."""
    cpu_mean: float | None
    """CPUs that it used on average; None without an observed time."""


@dataclass(frozen=True, slots=True)
class BusyChild:
    """The child to look at in place of the process, as it uses clearly more CPU."""

    pid: int
    cpu_mean: float
    command: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Process:
    """One process and everything that was seen in it."""

    id: int
    pid: int
    command: tuple[str, ...]
    python: str
    build: str
    process_started: str
    started: str | None
    """Wall clock of the first pass; None without passes."""
    ended: str | None
    duration_s: float
    observed_s: float
    unobserved_s: float
    stopped_s: float
    sampling: Sampling
    running_mean: float | None
    disagreement: float | None
    """Share of the Python threads' running time by which their states differ from the kernel's account of CPU and run
    queue, beyond the sampling error; None: there is no account."""
    native_threads: int
    interpreters_seen: int
    """The most at once; only the main one is observed."""
    gils: tuple[Gil, ...]
    threads: tuple[Thread, ...]
    functions: tuple[Function, ...]
    blame: Blame
    sections: tuple[Section, ...]
    episodes: Episodes
    stalls: tuple[Stall, ...] | None
    """In the order of time; None: nobody asked for them."""
    stall_limit_s: float | None
    stall_count: int | None
    """All of them; of many, ``stalls`` has the latest."""
    spans: tuple[Span, ...]
    """Those that were asked for."""
    loops: tuple[Loop, ...]
    answer: Answer
    """What its sentence is worded from."""
    backend: str = "native"
    """What took the passes."""
    captured: tuple[str, ...] = NATIVE_FACTS
    """What kinds of facts there are (``FactKind``)."""
    children: tuple[Child, ...] = ()
    busy_child: BusyChild | None = None
    """None: no child uses clearly more CPU than the process."""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """Patterns (fnmatch) of thread names that a report is narrowed to; None: all."""

    thread: str | None = None
    waiter: str | None = None
    holder: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a report says."""

    schema: str
    gilprof: str
    mode: str
    backend: str
    sentence: str
    """Of all processes: that of the one which matters most, and which one that is."""
    answer: Answer
    """Of that process."""
    selection: Selection | None
    """None: the whole report, for which the laws hold."""
    processes: tuple[Process, ...]
