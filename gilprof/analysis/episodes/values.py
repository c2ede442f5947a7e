"""What is known of episodes, stalls, spans and event loops: parts of a snapshot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
import numpy.typing as npt

from gilprof.analysis.episodes.rows import EpisodeKind, MainHolder
from gilprof.facts.arrays import Ns, Rows
from gilprof.model import UNREADABLE

FOLDED = UNREADABLE - 1
"""As an own frame of episodes: many, folded together."""


@dataclass(frozen=True, slots=True)
class KeptEpisode:
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
    culprit: MainHolder | None
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
    """(C,) the cell's key."""
    bin: Rows
    """(C,) the cell's bin."""
    seen: npt.NDArray[np.float64]
    """(C,) how many were seen."""
    corrected: npt.NDArray[np.float64]
    """(C,) how many there were, by the chance of each to be seen."""


@dataclass(frozen=True, slots=True)
class EpisodeSums:
    """A snapshot."""

    lengths: LengthSums
    worst: tuple[KeptEpisode, ...]
    """Waits and turns, worst first within each kind."""

    @classmethod
    def none(cls) -> EpisodeSums:
        """Without any."""
        rows, counts = np.zeros(0, np.int64), np.zeros(0)
        return cls(LengthSums(rows, rows, rows, rows, rows, rows, counts, counts), ())


class StallCause(Enum):
    """Why a stall lasted."""

    HOLDER = ""
    COLLECTION = "garbage collection"
    QUEUED = "queued"
    """Who had the GIL had no CPU; or nobody had it, and who waited had none."""


@dataclass(frozen=True, slots=True)
class Stall:
    """A stretch in which a thread waited for longer than the limit. Threads are rows in ``ThreadSums``."""

    start_ns: int
    """CLOCK_MONOTONIC."""
    length_ns: int
    held: MainHolder | None
    """Who had the GIL for the most of it; None: nobody that could be told."""
    victims: tuple[tuple[int, int], ...]
    """Who waited and for how many nanoseconds, longest first."""
    goes_on: bool
    """It was not over yet."""
    gc_ns: int = 0
    """Of it, with a garbage collection on top of the holder's stack."""
    queued_ns: int = 0
    """Of it, with a holder that had no CPU."""

    @property
    def cause(self) -> StallCause:
        """What took the most of it, besides the holder's own doing."""
        if self.held is None or 2 * self.queued_ns > self.length_ns:
            return StallCause.QUEUED
        return StallCause.COLLECTION if 2 * self.gc_ns > self.length_ns else StallCause.HOLDER


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
    suspends: bool = False
    """One of them was a generator or coroutine (``Function.suspends``)."""


@dataclass(frozen=True, slots=True)
class DelayCause:
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
    """Callbacks longer than this have held it up."""
    held_up: tuple[tuple[DelayCause, int], ...]
    """How many callbacks held it up for each reason, the most frequent first."""
    stays: StaySums
