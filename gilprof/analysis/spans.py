"""Spans: the stays of functions on their threads' stacks, by the functions' names."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from gilprof.analysis.definitions import Definitions
from gilprof.analysis.episode_rows import Rows
from gilprof.analysis.stack_marks import StackMarks, Step
from gilprof.analysis.stay_sums import StayTable
from gilprof.analysis.stays import CARRIED, OUTSIDE, FramesOf, Stays
from gilprof.analysis.sums import SpanSums
from gilprof.analysis.verdicts import Verdicts
from gilprof.model import Function

INSIDE = 0


class Spans:
    """One for each asked name: a qualified name, or a pattern (fnmatch) of such."""

    def __init__(self, names: Iterable[str], definitions: Definitions, frames_of: FramesOf, mean_gap_ns: float) -> None:
        self._spans = [_Span(name, definitions, frames_of, mean_gap_ns) for name in names]

    def take(self, verdicts: Verdicts) -> None:
        """The next looks."""
        for span in self._spans:
            span.take(verdicts)

    def finish(self) -> None:
        """Nothing follows."""
        for span in self._spans:
            span.finish()

    def regroup(self, target: Rows) -> None:
        """Threads have other rows from now on."""
        for span in self._spans:
            span.regroup(target)

    def sums(self) -> tuple[SpanSums, ...]:
        """A snapshot, in the order in which they were asked for."""
        return tuple(SpanSums(span.name, span.table.sums()) for span in self._spans)


class _Span:
    def __init__(self, name: str, definitions: Definitions, frames_of: FramesOf, mean_gap_ns: float) -> None:
        self.name = name
        self.table = StayTable(mean_gap_ns)
        self._stays = Stays(frames_of)
        self._marks = StackMarks(definitions, _has(name), OUTSIDE)

    def take(self, verdicts: Verdicts) -> None:
        for stay in self._stays.feed(verdicts, self._marks.of(verdicts.looks.stack, CARRIED)):
            self.table.add(stay)

    def finish(self) -> None:
        for stay in self._stays.finish():
            self.table.add(stay)

    def regroup(self, target: Rows) -> None:
        for stay in self._stays.regroup(target):
            self.table.add(stay)
        self.table.regroup(target)


def _has(pattern: str) -> Step:
    """Marks stacks with a function of such a name anywhere."""
    known: dict[int, bool] = {}

    def step(before: int, number: int, function: Function | None) -> int:
        if before == INSIDE or function is None:
            return before
        if number not in known:
            known[number] = function.name == pattern or fnmatchcase(function.name, pattern)
        return INSIDE if known[number] else OUTSIDE

    return step
