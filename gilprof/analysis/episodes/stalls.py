"""Stalls: stretches in which a thread waits for the GIL longer than a limit, each found once.

Where one turn keeps a thread waiting that long, the turn is the stall: it begins when the first of its victims began
to wait, or with the turn, and ends with it, though the victims still queue behind one another. What is left of long
waits, under many shorter turns, is a stall as long as such waits overlap. No two stalls overlap: what one has is taken
from the waits before they count.

Only what was seen and is certain counts: from the first look at a wait, or at the turn, to the last, and of a wait the
longest stretch in which its thread cannot have had the GIL between two looks. Where looks are less than half of the
limit apart, and the GIL changes hands less often than they come, a wait of twice the limit is found.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

import numpy as np

from gilprof.analysis.episodes.rows import EpisodeKind, EpisodeRows, Finished, MainHolder, Why
from gilprof.analysis.episodes.values import Stall, StallSums
from gilprof.facts.arrays import Rows

KEPT = 1000
"""Stalls that are kept one by one: the latest."""
SO_FAR_NS = 5_000_000_000
"""A stall that lasts longer is told before it is over."""
_LATEST = 64
"""Stalls that later waits are compared with."""


@dataclass(slots=True)
class _Stretch:
    """Long waits that overlap; ``begin_ns`` and ``end_ns`` are ``Passes.clock_ns``, ``start_ns`` is CLOCK_MONOTONIC."""

    start_ns: int
    begin_ns: int
    end_ns: int
    longest_ns: int = 0
    culprit: MainHolder | None = None
    """Of the longest wait."""
    why: Why = field(default_factory=Why)
    """Of the longest wait."""
    victims: dict[int, int] = field(default_factory=dict)
    told: bool = False

    @property
    def length_ns(self) -> int:
        return self.end_ns - self.begin_ns

    def stall(self, goes_on: bool = False) -> Stall:
        """Who had the GIL for the most of it may have waited as well, but is not told to have kept itself waiting."""
        culprit = None if self.culprit is None else self.culprit.thread
        victims = sorted(self.victims.items(), key=lambda victim: (-victim[1], victim[0]))
        others = tuple(victim for victim in victims if victim[0] != culprit)
        length_ns, why = self.length_ns, self.why
        # Of the whole of it as of the longest wait.
        part = length_ns / max(self.longest_ns, 1)
        gc_ns, queued_ns = (min(round(ns * part), length_ns) for ns in (why.gc_ns, why.queued_ns))
        return Stall(self.start_ns, length_ns, self.culprit, others or tuple(victims), goes_on, gc_ns, queued_ns)


class Stalls:
    """Finds stalls in what ``Episodes`` says has ended, in the order of time."""

    def __init__(self, limit_ns: int) -> None:
        self.limit_ns = limit_ns
        self._count = 0
        self._kept: deque[Stall] = deque(maxlen=KEPT)
        self._untold: deque[Stall] = deque(maxlen=KEPT)
        self._latest: deque[tuple[int, int]] = deque(maxlen=_LATEST)
        """Begin and end of the latest ones, ``Passes.clock_ns``."""
        self._told_turn_ns: int | None = None
        """The start of the turn under way, once it has been told."""
        self._stretch: _Stretch | None = None

    def take(self, finished: Finished) -> None:
        """What has ended by now, and what is under way."""
        if finished.passes is None:
            return
        self._take_turns(finished)
        self._take_waits(finished)
        now_ns = int(finished.passes.clock_ns[-1])
        under_way = finished.waits.first_ns[finished.waits.last_ns == now_ns]
        stretch = self._stretch
        if stretch is not None and not (under_way <= stretch.end_ns).any():
            self._end_stretch()
        elif stretch is not None and not stretch.told and now_ns - stretch.begin_ns > SO_FAR_NS:
            stretch.told = True
            self._untold.append(stretch.stall(goes_on=True))

    def finish(self) -> None:
        """Nothing follows."""
        self._end_stretch()

    def untold(self) -> list[Stall]:
        """Those found since the last call."""
        untold = list(self._untold)
        self._untold.clear()
        return untold

    def sums(self) -> StallSums:
        """A snapshot."""
        return StallSums(self.limit_ns, self._count, tuple(self._kept))

    def regroup(self, target: Rows) -> None:
        """Give each thread row's stalls to its target row."""
        self._kept = deque((with_threads(stall, target) for stall in self._kept), KEPT)
        self._untold = deque((with_threads(stall, target) for stall in self._untold), KEPT)
        stretch = self._stretch
        if stretch is not None:
            moved = with_threads(stretch.stall(), target)
            stretch.culprit, stretch.victims = moved.held, dict(moved.victims)

    def _take_turns(self, finished: Finished) -> None:
        rows = finished.rows
        long = (rows.kind == EpisodeKind.TURN) & (rows.last_ns - rows.first_ns > self.limit_ns)
        for row in np.flatnonzero(long).tolist():
            begin_ns, length_ns = int(rows.begin_ns[row]), int(rows.length_ns[row])
            to_start_ns = int(rows.start_ns[row]) - begin_ns
            stall = self._of_turn(
                finished, int(rows.first_ns[row]), int(rows.last_ns[row]), begin_ns, length_ns, to_start_ns
            )
            if stall is not None:
                end_ns = begin_ns + length_ns
                self._cut_stretch(end_ns - stall.length_ns, end_ns)
                self._latest.append((begin_ns, end_ns))
                self._found(stall, told=begin_ns == self._told_turn_ns)
        turn = finished.turn
        if len(turn.first_ns) and int(turn.last_ns[0] - turn.start_ns[0]) > SO_FAR_NS:
            begin_ns, last_ns = int(turn.start_ns[0]), int(turn.last_ns[0])
            if begin_ns != self._told_turn_ns:
                stall = self._of_turn(
                    finished, int(turn.first_ns[0]), last_ns, begin_ns, last_ns - begin_ns, int(turn.stopped_ns[0])
                )
                if stall is not None:
                    self._told_turn_ns = begin_ns
                    self._untold.append(replace(stall, goes_on=True))

    def _of_turn(
        self, finished: Finished, first_ns: int, last_ns: int, begin_ns: int, length_ns: int, to_start_ns: int
    ) -> Stall | None:
        """The stall of a turn with these first and last looks, if it is one. ``to_start_ns``: from ``Passes.clock_ns``
        to CLOCK_MONOTONIC."""
        held = finished.held_most(first_ns, last_ns, length_ns)
        waits = finished.waits
        there = waits.part((waits.first_ns <= last_ns) & (waits.last_ns >= last_ns))
        proven_end_ns = there.proven_from_ns + there.proven_ns
        seen_ns = np.maximum(
            np.minimum(last_ns, proven_end_ns) - np.maximum(there.proven_from_ns, first_ns),
            last_ns - np.maximum(there.run_ns, first_ns),
        )
        if held is None or seen_ns.max(initial=0) <= self.limit_ns:
            return None
        victims = finished.waiting_at(last_ns, held.thread, begin_ns, begin_ns + length_ns)
        if not victims:
            return None
        longest_ns = victims[0][1]
        end_ns = begin_ns + length_ns
        why = finished.why(max(first_ns, end_ns - longest_ns), last_ns, longest_ns)
        start_ns = end_ns - longest_ns + to_start_ns
        return Stall(start_ns, longest_ns, held, victims, False, why.gc_ns, why.queued_ns)

    def _take_waits(self, finished: Finished) -> None:
        rows = finished.rows
        long = np.flatnonzero((rows.kind == EpisodeKind.WAIT) & (rows.proven_ns > self.limit_ns))
        pieces = [(begin_ns, end_ns, row) for row in long.tolist() for begin_ns, end_ns in self._pieces(rows, row)]
        for begin_ns, end_ns, row in sorted(pieces):
            stretch = self._stretch
            if stretch is not None and begin_ns > stretch.end_ns:
                self._end_stretch()
                stretch = None
            piece = self._piece(finished, row, begin_ns, end_ns)
            if stretch is None:
                self._stretch = piece
            elif end_ns < stretch.begin_ns:
                self._latest.append((begin_ns, end_ns))
                self._found(piece.stall(), told=False)
            else:
                _join(stretch, piece)

    def _pieces(self, rows: EpisodeRows, row: int) -> list[tuple[int, int]]:
        """What other stalls leave of a wait, where it is longer than the limit and certain."""
        begin_ns = int(rows.begin_ns[row])
        end_ns = begin_ns + int(rows.length_ns[row])
        left = [(begin_ns, end_ns)]
        for first, last in [(first, last) for first, last in self._latest if first < end_ns and last > begin_ns]:
            left = [part for one in left for part in _without(one, first, last)]
        from_ns = int(rows.proven_from_ns[row])
        to_ns = from_ns + int(rows.proven_ns[row])
        return [(begin, end) for begin, end in left if min(to_ns, end) - max(from_ns, begin) > self.limit_ns]

    def _piece(self, finished: Finished, row: int, begin_ns: int, end_ns: int) -> _Stretch:
        """The part of a wait from ``begin_ns`` to ``end_ns``."""
        rows, length_ns = finished.rows, end_ns - begin_ns
        first_ns, last_ns = max(int(rows.first_ns[row]), begin_ns), min(int(rows.last_ns[row]), end_ns)
        culprit = finished.held_most(first_ns, last_ns, length_ns)
        # Where it was free for the most part, the waiter lacked a CPU.
        if culprit is not None and 2 * culprit.all_ns <= length_ns:
            culprit = None
        why = finished.why(first_ns, last_ns, length_ns)
        start_ns = int(rows.start_ns[row]) + begin_ns - int(rows.begin_ns[row])
        return _Stretch(start_ns, begin_ns, end_ns, length_ns, culprit, why, {int(rows.thread[row]): length_ns})

    def _cut_stretch(self, begin_ns: int, end_ns: int) -> None:
        """A stall has this time; what is left of the stretch before it is one if it is longer than the limit."""
        stretch = self._stretch
        if stretch is None or stretch.end_ns <= begin_ns or stretch.begin_ns >= end_ns:
            return
        stretch.end_ns = begin_ns
        if stretch.length_ns > self.limit_ns:
            stretch.victims = {thread: min(ns, stretch.length_ns) for thread, ns in stretch.victims.items()}
            self._end_stretch()
        self._stretch = None

    def _end_stretch(self) -> None:
        stretch, self._stretch = self._stretch, None
        if stretch is not None:
            self._latest.append((stretch.begin_ns, stretch.end_ns))
            self._found(stretch.stall(), stretch.told)

    def _found(self, stall: Stall, told: bool) -> None:
        self._count += 1
        self._kept.append(stall)
        if not told:
            self._untold.append(stall)


def _without(part: tuple[int, int], first: int, last: int) -> list[tuple[int, int]]:
    """What lies before ``first`` and behind ``last``."""
    begin, end = part
    return [(a, b) for a, b in ((begin, min(end, first)), (max(begin, last), end)) if a < b]


def _join(stretch: _Stretch, piece: _Stretch) -> None:
    """Add an overlapping one."""
    if piece.begin_ns < stretch.begin_ns:
        stretch.start_ns, stretch.begin_ns = piece.start_ns, piece.begin_ns
    stretch.end_ns = max(stretch.end_ns, piece.end_ns)
    for thread, ns in piece.victims.items():
        stretch.victims[thread] = max(stretch.victims.get(thread, 0), ns)
    if piece.longest_ns > stretch.longest_ns:
        stretch.longest_ns, stretch.culprit, stretch.why = piece.longest_ns, piece.culprit, piece.why


def with_threads(stall: Stall, target: Rows) -> Stall:
    """``stall`` with ``target[row]`` for each of its threads' rows."""
    held = stall.held
    if held is not None:
        held = replace(held, thread=int(target[held.thread]))
    longest: dict[int, int] = {}
    for thread, ns in stall.victims:
        longest.setdefault(int(target[thread]), ns)
    return replace(stall, held=held, victims=tuple(longest.items()))
