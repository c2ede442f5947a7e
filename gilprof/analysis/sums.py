"""The sums of a profile: what every report, export and screen is made from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gilprof.analysis.episode_rows import EpisodeKind, Held, Rows
from gilprof.model import UNREADABLE

Ns = npt.NDArray[np.float64]
"""Nanoseconds of observed time, as float64 (exact below 2**53)."""
Ids = npt.NDArray[np.int32]

HANDOVER = -1
"""As the holder of a pair: nobody had the GIL."""
TORN = -2
"""As the holder of a pair: who had it, or what the holder did, could not be told."""
FOLDED = UNREADABLE - 1
"""As an own frame of episodes: many, folded together."""


@dataclass(frozen=True, slots=True)
class GilSums:
    """One GIL's time; all in nanoseconds of observed time but the counts."""

    held_ns: float
    held_blocked_ns: float
    handover_ns: float
    """Nobody had it and somebody waited."""
    torn_ns: float
    """Somebody waited, and who had it, or what the holder did, could not be told."""
    contended_ns: float
    """At least one thread waited."""
    waiting_ns: float
    """Thread-nanoseconds of waiting."""
    switches: int
    """From ``switch_number``: exact, between the first and the last pass."""


@dataclass(frozen=True, slots=True)
class ThreadSums:
    """One row a thread, or for many folded ones; T rows. Rows without time belong to nobody."""

    id: npt.NDArray[np.int64]
    """(T,) the thread's id; of folded ones, the first one's."""
    folded: npt.NDArray[np.int64]
    """(T,) how many ended threads were folded into the row; 0: it is one thread's own."""

    states_ns: Ns
    """(T, 6) by State."""
    origin_ns: Ns
    """(T, 3) by Origin: the parts of waiting."""
    blocked_in_ns: Ns
    """(T, 6) by BlockedIn: the parts of blocked."""
    held_blocked_in_ns: Ns
    """(T, 6) by BlockedIn: the parts of held_blocked."""
    cpu_ns: Ns
    """(T,) the kernel's account over the thread's observed time."""
    queued_ns: Ns
    """(T,) runnable without a CPU, likewise."""
    blamed_ns: Ns
    """(T,) others' waiting while this thread had the GIL: thread-nanoseconds."""
    blocking_ns: Ns
    """(T,) time in which it had the GIL and at least one thread waited."""
    python: npt.NDArray[np.bool_]
    """(T,) the interpreter has known it at some look."""


@dataclass(frozen=True, slots=True)
class NodeSums:
    """Rows by node: a thread, its stack, and whether a garbage collection ran on top of it. N rows."""

    thread: Ids
    """Row in ThreadSums."""
    stack: Ids
    """Stack id, ``NONE`` (no Python frame) or ``UNREADABLE``."""
    gc: npt.NDArray[np.bool_]
    """True: ``<GC>`` stands on top of the stack."""
    states_ns: Ns
    """(N, 6) by State."""
    blocked_in_ns: Ns
    """(N, 6) by BlockedIn, the parts of blocked."""
    overdue_ns: Ns
    """(N,) held or held_blocked after somebody had asked for the drop."""
    blamed_ns: Ns
    """(N,) others' waiting while this node had the GIL."""
    blocking_ns: Ns
    """(N,) time in which it had the GIL and at least one thread waited."""


@dataclass(frozen=True, slots=True)
class PairSums:
    """Who waited for whom: P rows, each pair once."""

    holder: Ids
    """Node row of the holder, or ``HANDOVER`` or ``TORN``."""
    waiter: Ids
    """Node row of the waiter."""
    origin_ns: Ns
    """(P, 3) by Origin: the waiter's waiting; the row's sum is the pair's seconds."""
    overdue_ns: Ns
    """(P,) of it, while the holder was overdue."""


@dataclass(frozen=True, slots=True)
class SectionSums:
    """The stretches that the program named so."""

    name: str
    count: int
    wall_ns: float
    """Sum of their lengths."""
    states_ns: Ns
    """(6,) by State, each of the thread that the stretch is of."""


@dataclass(frozen=True, slots=True)
class Worst:
    """One episode. ``thread`` and the others' threads are rows in ``ThreadSums``; nanoseconds."""

    kind: EpisodeKind
    start_ns: int
    """CLOCK_MONOTONIC."""
    length_ns: int
    error_ns: int
    """``NOT_KNOWN``: at least so long."""
    thread: int
    frame: int
    origin: int
    overdue_ns: int
    gc_ns: int
    culprit: Held | None
    """Of waits: who had the GIL for the most of it; None: nobody that could be told."""
    victims: tuple[tuple[int, int], ...]
    """Of turns: who waited when it ended, and how long."""
    harm_ns: int
    """Waits: their length; turns: others' waiting."""

    @property
    def rank(self) -> tuple[int, int, int]:
        """Worse ones compare greater."""
        return self.harm_ns, -self.start_ns, -self.thread


@dataclass(frozen=True, slots=True)
class LengthSums:
    """Counts of lengths: K keys, C cells that are not empty."""

    kind: Rows
    """(K,) EpisodeKind."""
    thread: Rows
    """(K,) row in ThreadSums."""
    frame: Rows
    """(K,) own frame; ``NONE``, ``UNREADABLE``, ``FOLDED``."""
    longest_ns: Rows
    """(K,) of those long enough to have a length; else 0."""
    key: Rows
    """(C,) the cell's key, ..."""
    bin: Rows
    """(C,) its bin, ..."""
    seen: npt.NDArray[np.float64]
    """(C,) how many were seen, ..."""
    corrected: npt.NDArray[np.float64]
    """(C,) and how many there were, by the chance of each to be seen."""


@dataclass(frozen=True, slots=True)
class EpisodeSums:
    """A snapshot."""

    lengths: LengthSums
    worst: tuple[Worst, ...]
    """Waits and turns, worst first within each kind."""

    @classmethod
    def none(cls) -> EpisodeSums:
        """Without any."""
        rows, counts = np.zeros(0, np.int64), np.zeros(0)
        return cls(LengthSums(rows, rows, rows, rows, rows, rows, counts, counts), ())


@dataclass(frozen=True, slots=True)
class Stall:
    """A stretch in which a thread waited for longer than the limit. Threads are rows in ``ThreadSums``."""

    start_ns: int
    """CLOCK_MONOTONIC."""
    length_ns: int
    held: Held | None
    """Who had the GIL for the most of it; None: nobody that could be told."""
    victims: tuple[tuple[int, int], ...]
    """Who waited and for how many nanoseconds, longest first."""
    goes_on: bool
    """It was not over yet."""


@dataclass(frozen=True, slots=True)
class StallSums:
    """Stalls so far; of many, only the latest are kept."""

    limit_ns: int
    count: int
    latest: tuple[Stall, ...]


@dataclass(frozen=True, slots=True)
class SlowStay:
    """One stay. Threads are rows in ``ThreadSums``; nanoseconds."""

    thread: int
    frame: int
    """The own frame that it was at for the longest."""
    start_ns: int
    """CLOCK_MONOTONIC."""
    length_ns: int
    error_ns: int
    """``NOT_KNOWN``: at least so long."""
    states_ns: tuple[float, ...]
    """(6,) by State."""
    waited_for: tuple[tuple[int, int, float], ...]
    """Thread, own frame and time of those who had the GIL while it waited, longest first."""

    def with_threads(self, target: Rows) -> SlowStay:
        """With ``target[row]`` for each of its threads' rows."""
        waited = tuple((int(target[thread]), frame, ns) for thread, frame, ns in self.waited_for)
        return replace(self, thread=int(target[self.thread]), waited_for=waited)


@dataclass(frozen=True, slots=True)
class StaySums:
    """Stays of one kind."""

    seen: int
    counts: npt.NDArray[np.float64]
    """(BINS,) how many there were of each length, by the chance of each to be seen."""
    longest_ns: int
    """Of those long enough to have a length; else 0."""
    states_ns: Ns
    """(6,) by State, of all of them."""
    slowest: tuple[SlowStay, ...]


@dataclass(frozen=True, slots=True)
class SpanSums:
    """The stays of functions of this name."""

    name: str
    stays: StaySums


@dataclass(frozen=True, slots=True)
class HeldUp:
    """Why a loop was held up: by this function itself, or waiting for this thread's GIL; both ``NONE``: other."""

    function: int
    holder: int
    """Row in ``ThreadSums``."""


@dataclass(frozen=True, slots=True)
class LoopSums:
    """The event loop of one thread, and its stays in callbacks."""

    thread: int
    """Row in ``ThreadSums``."""
    kind: str
    held_up_ns: int
    """Callbacks longer than this have held it up, ..."""
    held_up: tuple[tuple[HeldUp, int], ...]
    """... for this reason so many times, the most frequent first."""
    stays: StaySums


@dataclass(frozen=True, slots=True)
class ProfileSums:
    """One snapshot of a profile; nothing in it changes later."""

    first_t_ns: int
    """CLOCK_MONOTONIC of the first pass; 0 without passes."""
    last_t_ns: int
    observed_ns: float
    """The sum of the weights of all passes."""
    unobserved_ns: float
    """Very late passes, and a stopped target."""
    stopped_ns: float
    """Of that, with the target stopped."""
    passes: int
    torn: int
    """Passes in which the GIL changed between the first and the last reading."""
    running_ns: float
    """Thread-nanoseconds of Python threads in held or released."""
    gil: GilSums
    threads: ThreadSums
    nodes: NodeSums
    pairs: PairSums
    sections: tuple[SectionSums, ...]
    episodes: EpisodeSums
    stalls: StallSums | None = None
    """None: nobody asked for them."""
    spans: tuple[SpanSums, ...] = ()
    loops: tuple[LoopSums, ...] = ()


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows that were folded together: for each earlier row of threads, nodes and pairs the one that has it now."""

    thread: npt.NDArray[np.int64]
    node: npt.NDArray[np.int64]
    pair: npt.NDArray[np.int64]
