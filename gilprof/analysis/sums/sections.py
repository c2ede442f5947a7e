"""Sums of the looks in the stretches that the profiled program has named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gilprof.analysis.classify import Verdicts
from gilprof.analysis.sums.values import SectionSums
from gilprof.model import SectionMark, State

END_UNKNOWN = np.iinfo(np.int64).max


@dataclass(slots=True)
class _Stretch:
    """``end_ns`` is END_UNKNOWN while it goes on."""

    name: str
    start_ns: int
    end_ns: int = END_UNKNOWN


class Sections:
    """Each look counts in all stretches of its thread that it falls into; kept are only those that looks may still
    fall into."""

    def __init__(self) -> None:
        self._stretches: defaultdict[int, list[_Stretch]] = defaultdict(list)
        """By tid, in the order of their beginnings."""
        self._states_ns: defaultdict[str, npt.NDArray[np.float64]] = defaultdict(lambda: np.zeros(len(State)))
        self._wall_ns: defaultdict[str, int] = defaultdict(int)
        self._count: defaultdict[str, int] = defaultdict(int)
        self._last_t_ns = 0

    def mark(self, marks: Iterable[SectionMark]) -> None:
        """Take in what has begun and ended; an end without a beginning means nothing."""
        for mark in marks:
            if mark.begins:
                self._stretches[mark.tid].append(_Stretch(mark.name, mark.t_ns))
                self._count[mark.name] += 1
                continue
            for stretch in reversed(self._stretches.get(mark.tid, ())):
                if stretch.name == mark.name and stretch.end_ns == END_UNKNOWN:
                    stretch.end_ns = mark.t_ns
                    self._wall_ns[mark.name] += max(mark.t_ns - stretch.start_ns, 0)
                    break

    def count(self, verdicts: Verdicts, tid_of: npt.NDArray[np.int64]) -> None:
        """Sum up the next looks. ``tid_of``: (R,) the tid of each thread's row in them.

        All marks up to the last of these passes were taken in before.
        """
        passes, looks = verdicts.passes, verdicts.looks
        if len(passes.t_ns) == 0:
            return
        self._last_t_ns = int(passes.t_ns[-1])
        if not self._stretches:
            return
        tid, t_ns = tid_of[looks.thread], passes.t_ns[looks.pass_row]
        weight_ns = passes.weight_ns[looks.pass_row]
        for number, stretches in list(self._stretches.items()):
            mine = np.flatnonzero(tid == number)
            by_state = np.zeros((len(mine) + 1, len(State)))
            by_state[np.arange(1, len(mine) + 1), looks.state[mine]] = weight_ns[mine]
            before = np.cumsum(by_state, axis=0)
            edges = np.searchsorted(t_ns[mine], [(s.start_ns, s.end_ns) for s in stretches])
            for stretch, (first, last) in zip(stretches, edges.tolist(), strict=True):
                self._states_ns[stretch.name] += before[last] - before[first]
            left = [stretch for stretch in stretches if stretch.end_ns > self._last_t_ns]
            if left:
                self._stretches[number] = left
            else:
                del self._stretches[number]

    def sums(self) -> tuple[SectionSums, ...]:
        """By name, in the order in which they were first named; those under way up to the last pass."""
        wall_ns = dict(self._wall_ns)
        for stretches in self._stretches.values():
            for stretch in stretches:
                if stretch.end_ns == END_UNKNOWN:
                    wall_ns[stretch.name] = wall_ns.get(stretch.name, 0) + max(self._last_t_ns - stretch.start_ns, 0)
        none = np.zeros(len(State))
        return tuple(
            SectionSums(name, count, float(wall_ns.get(name, 0)), self._states_ns.get(name, none).copy())
            for name, count in self._count.items()
        )
