"""What is kept of stays: how many, how long, what their threads did, and the slowest ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gilprof.analysis.episodes.histogram import BELOW, BINS, bin_of
from gilprof.analysis.episodes.lengths import LEAST_CHANCE, RESOLVED_GAPS
from gilprof.analysis.episodes.stays import Stay
from gilprof.analysis.episodes.values import SlowStay, StaySums
from gilprof.facts.arrays import Rows
from gilprof.model import State

SLOWEST = 20
WAITED_FOR = 5
"""Of a slow stay: places that are kept, those waited for longest."""


class StayTable:
    """Bounded: counts by length, and ``SLOWEST`` stays."""

    def __init__(self) -> None:
        self._seen = 0
        self._counts = np.zeros(BINS)
        self._longest_ns = 0
        self._states_ns: npt.NDArray[np.float64] = np.zeros(len(State))
        self._slowest: list[SlowStay] = []

    def add(self, stay: Stay) -> None:
        """Take in one that is over."""
        resolved = stay.length_ns >= RESOLVED_GAPS * max(stay.mean_gap_ns, stay.error_ns)
        number = int(bin_of(np.array([stay.length_ns]))[0]) if resolved else BELOW
        self._seen += 1
        self._counts[number] += 1 / min(max(stay.length_ns / stay.mean_gap_ns, LEAST_CHANCE), 1.0)
        self._states_ns += stay.states_ns
        if not resolved:
            return
        self._longest_ns = max(self._longest_ns, stay.length_ns)
        kept = self._slowest
        if len(kept) == SLOWEST and stay.length_ns <= kept[-1].length_ns:
            return
        kept.append(_slow(stay))
        kept.sort(key=lambda each: (-each.length_ns, each.start_ns, each.thread))
        del kept[SLOWEST:]

    def regroup(self, target: Rows) -> None:
        """Give each thread row's stays to its target row."""
        self._slowest = [slow.with_threads(target) for slow in self._slowest]

    def sums(self) -> StaySums:
        """A snapshot."""
        return StaySums(self._seen, self._counts.copy(), self._longest_ns, self._states_ns.copy(), tuple(self._slowest))


def _slow(stay: Stay) -> SlowStay:
    waited = sorted(stay.waited_for.items(), key=lambda item: (-item[1], item[0]))[:WAITED_FOR]
    return SlowStay(
        thread=stay.thread,
        frame=stay.longest_frame(),
        start_ns=stay.start_ns,
        length_ns=stay.length_ns,
        error_ns=stay.error_ns,
        states_ns=tuple(stay.states_ns.tolist()),
        waited_for=tuple((thread, frame, ns) for (thread, frame), ns in waited),
    )
