"""Turns: runs of passes in which one thread has the GIL and nobody else had it in between."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gilprof.analysis.classify import NOT_APPLICABLE
from gilprof.analysis.episodes.rows import EpisodeColumns, EpisodeKind, EpisodeRows, OpenEpisodes, Passes
from gilprof.facts.arrays import Bools, Rows
from gilprof.model import UNREADABLE


@dataclass(frozen=True, slots=True)
class _FrameRuns(EpisodeColumns):
    """How long a holder was at one own frame at a stretch."""

    turn: Rows
    """The number of its turn."""
    frame: Rows
    ns: Rows

    def longest(self, turns: int) -> Rows:
        """(``turns``,) the row of each turn's longest stay, the first one of equals."""
        order = np.lexsort((-np.arange(len(self.turn)), self.ns, self.turn))
        return order[np.searchsorted(self.turn[order], np.arange(turns), side="right") - 1]


class Turns:
    """Follows the holder of one GIL; remembers the turn under way at the last pass."""

    def __init__(self) -> None:
        none = np.zeros(0, np.int64)
        self.under_way = OpenEpisodes.none()
        """The turn that the last pass belongs to: a row or none."""
        self._longest = _FrameRuns(none, none, none)
        """The longest stay of the open turn, but for the one under way."""
        self._stay_since_ns = 0
        """When the one under way began."""

    def follow(self, view: Passes) -> EpisodeRows:
        """The turns that have ended by the last pass. Row 0 is the last pass of the call before."""
        same_number = np.diff(view.switch_number, prepend=-1) == 0
        goes_on = same_number & (np.diff(view.holder, prepend=UNREADABLE) == 0) & (view.holder >= 0)
        goes_on[0] = False
        first, last = _runs(view, goes_on)
        if len(first) == 0:
            self.under_way = OpenEpisodes.none()
            return EpisodeRows.none()
        start_seen = (view.holder[first - 1] != UNREADABLE) | ~same_number[first]
        origin = np.full(len(first), NOT_APPLICABLE, np.int64)
        turns = OpenEpisodes.seen(view, first, last, start_seen, view.holder[first], view.frame[first], origin)
        turns = turns.continuing(first == 0, self.under_way)
        # The switch number proves all of it.
        turns = replace(turns, proven_from_ns=turns.first_ns, proven_ns=turns.last_ns - turns.first_ns)
        stays = self._stays(view, goes_on, first)
        place = stays.frame[stays.longest(len(first))]

        over = last < len(goes_on) - 1
        behind = last[over] + 1
        end_seen = (view.holder[behind] != UNREADABLE) | ~same_number[behind]
        rows = turns.part(over).ended(view, behind - 1, end_seen, EpisodeKind.TURN, place[over])
        self.under_way = turns.part(~over)
        under_way = stays.part(stays.turn == len(first) - 1)
        self._stay_since_ns = int(view.clock_ns[-1] - under_way.ns[-1])
        before = _FrameRuns(under_way.turn[:-1] * 0, under_way.frame[:-1], under_way.ns[:-1])
        self._longest = before.part(before.longest(1)) if len(before.turn) else before
        return rows

    def _stays(self, view: Passes, goes_on: Bools, turns: Rows) -> _FrameRuns:
        """The stays of the turns that begin at rows ``turns``, in order."""
        first, last = _runs(view, goes_on & (np.diff(view.frame, prepend=UNREADABLE) == 0))
        turn = np.searchsorted(turns, first, side="right") - 1
        ns = view.clock_ns[last] - view.clock_ns[np.maximum(first - 1, 0)]
        stays = _FrameRuns(turn, view.frame[first], ns)
        if turns[0] > 0:
            return stays
        ns[0] = view.clock_ns[last[0]] - self._stay_since_ns
        return _FrameRuns.joined([self._longest, stays])


def _runs(view: Passes, goes_on: Bools) -> tuple[Rows, Rows]:
    """First and last rows of the runs of passes with a holder; a row that ``goes_on`` belongs to the one before."""
    first = np.flatnonzero(~goes_on)
    last = np.append(first[1:], len(goes_on)) - 1
    held = view.holder[first] >= 0
    return first[held], last[held]
