"""The sums of a profile: what every report, export and screen is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gilprof.analysis.episodes import EpisodeSums, LoopSums, SpanSums, StallSums
from gilprof.analysis.sums import ChildSums, GilSums, NodeSums, PairSums, SectionSums, ThreadSums


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
    gils: Mapping[int, GilSums]
    """By the GIL domain's id, in the order in which they were seen; none in a process without any."""
    threads: ThreadSums
    nodes: NodeSums
    pairs: PairSums
    sections: tuple[SectionSums, ...]
    episodes: EpisodeSums
    stalls: StallSums | None = None
    """None: nobody asked for them."""
    spans: tuple[SpanSums, ...] = ()
    loops: tuple[LoopSums, ...] = ()
    spared: float = 0.0
    """Passes fewer than at the rate asked for, as the rate followed what was free."""
    children: tuple[ChildSums, ...] = ()
    children_ns: int = 0
    """The time in which they used it: from the first pass to the last look at them."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows that were folded together: for each earlier row of threads, nodes and pairs the one that has it now."""

    thread: npt.NDArray[np.int64]
    node: npt.NDArray[np.int64]
    pair: npt.NDArray[np.int64]
