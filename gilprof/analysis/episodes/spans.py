"""Spans: the stays of functions on their threads' stacks, by the functions' names."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from gilprof.analysis.classify import Verdicts
from gilprof.analysis.episodes.stay_sums import StayTable
from gilprof.analysis.episodes.stays import CARRIED, OUTSIDE, FramesOf, OpenStays
from gilprof.analysis.episodes.values import SpanSums
from gilprof.facts.arrays import Rows
from gilprof.facts.definitions import Definitions
from gilprof.facts.stack_marks import StackMarks
from gilprof.model import Function

INSIDE = 0


class Spans:
    """One for each asked name: a qualified name, or a pattern (fnmatch) of such."""

    def __init__(self, names: Iterable[str], definitions: Definitions, frames_of: FramesOf) -> None:
        self._spans = [_Span(name, definitions, frames_of) for name in names]

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
        return tuple(SpanSums(span.name, span.table.sums(), span.named.suspends) for span in self._spans)


class _Span:
    def __init__(self, name: str, definitions: Definitions, frames_of: FramesOf) -> None:
        self.name = name
        self.table = StayTable()
        self._stays = OpenStays(frames_of)
        self.named = _Named(name)
        self._marks = StackMarks(definitions, self.named.step, OUTSIDE)

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


class _Named:
    """The functions of a name, or that a pattern matches."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._known: dict[int, bool] = {}
        self.suspends = False
        """One of them is a generator or coroutine."""

    def step(self, before: int, number: int, function: Function | None) -> int:
        """Marks stacks with such a function anywhere."""
        if before == INSIDE or function is None:
            return before
        if number not in self._known:
            self._known[number] = function.name == self._pattern or fnmatchcase(function.name, self._pattern)
            self.suspends |= self._known[number] and function.suspends
        return INSIDE if self._known[number] else OUTSIDE
