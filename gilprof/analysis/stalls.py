"""Stalls: stretches in which a thread waits for the GIL longer than a limit, each found once.

Where one turn keeps a thread waiting that long, the turn is the stall: it begins when the first of its victims began
to wait, or with the turn, and ends with it, though the victims still queue behind one another. What is left of long
waits, under many shorter turns, is a stall as long as such waits overlap.

Only what was seen and is certain counts: from the first look at a wait, or at the turn, to the last, and of a wait the
longest stretch in which its thread cannot have had the GIL between two looks. Where looks are less than half of the
limit apart, and the GIL changes hands less often than they come, a wait of twice the limit is found.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

import numpy as np

from gilprof.analysis.episode_rows import EpisodeKind, Finished, Held, Rows
from gilprof.analysis.sums import Stall, StallSums

KEPT = 1000
"""Stalls that are kept one by one: the latest."""
SO_FAR_NS = 5_000_000_000
"""A stall that lasts longer is told before it is over."""
_TURNS = 64
"""Stalls of one turn that later waits are compared with."""


@dataclass(slots=True)
class _Stretch:
    """Long waits that overlap; ``begin_ns`` and ``end_ns`` are ``Passes.clock_ns``, ``start_ns`` is CLOCK_MONOTONIC."""

    start_ns: int
    begin_ns: int
    end_ns: int
    longest_ns: int = 0
    culprit: Held | None = None
    """Of the longest wait."""
    victims: dict[int, int] = field(default_factory=dict)
    told: bool = False

    def stall(self, goes_on: bool = False) -> Stall:
        victims = tuple(sorted(self.victims.items(), key=lambda victim: (-victim[1], victim[0])))
        return Stall(self.start_ns, self.end_ns - self.begin_ns, self.culprit, victims, goes_on)


class Stalls:
    """Finds stalls in what ``Episodes`` says has ended, in the order of time."""

    def __init__(self, limit_ns: int) -> None:
        self.limit_ns = limit_ns
        self._count = 0
        self._kept: deque[Stall] = deque(maxlen=KEPT)
        self._untold: deque[Stall] = deque(maxlen=KEPT)
        self._turns: deque[tuple[int, int]] = deque(maxlen=_TURNS)
        """Begin and end of the latest stalls of one turn, ``Passes.clock_ns``."""
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
                self._turns.append((begin_ns, begin_ns + length_ns))
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
        return Stall(begin_ns + length_ns - longest_ns + to_start_ns, longest_ns, held, victims, goes_on=False)

    def _take_waits(self, finished: Finished) -> None:
        rows = finished.rows
        long = np.flatnonzero((rows.kind == EpisodeKind.WAIT) & (rows.proven_ns > self.limit_ns))
        for row in long[np.argsort(rows.begin_ns[long], kind="stable")].tolist():
            begin_ns, length_ns = int(rows.begin_ns[row]), int(rows.length_ns[row])
            end_ns = begin_ns + length_ns
            from_ns, proven_ns = int(rows.proven_from_ns[row]), int(rows.proven_ns[row])
            told_ns = sum(max(0, min(from_ns + proven_ns, last) - max(from_ns, first)) for first, last in self._turns)
            if proven_ns - told_ns <= self.limit_ns:
                continue
            if self._stretch is not None and begin_ns > self._stretch.end_ns:
                self._end_stretch()
            stretch = self._stretch or _Stretch(int(rows.start_ns[row]), begin_ns, end_ns)
            self._stretch = stretch
            if begin_ns < stretch.begin_ns:
                stretch.start_ns, stretch.begin_ns = int(rows.start_ns[row]), begin_ns
            stretch.end_ns = max(stretch.end_ns, end_ns)
            thread = int(rows.thread[row])
            stretch.victims[thread] = max(stretch.victims.get(thread, 0), length_ns)
            if length_ns > stretch.longest_ns:
                culprit = finished.culprit(row)
                # Where it was free for the most part, the waiter lacked a CPU.
                had_ns = 0 if culprit is None else culprit.all_ns
                stretch.longest_ns, stretch.culprit = length_ns, culprit if 2 * had_ns > length_ns else None

    def _end_stretch(self) -> None:
        stretch, self._stretch = self._stretch, None
        if stretch is not None:
            self._found(stretch.stall(), stretch.told)

    def _found(self, stall: Stall, told: bool) -> None:
        self._count += 1
        self._kept.append(stall)
        if not told:
            self._untold.append(stall)


def with_threads(stall: Stall, target: Rows) -> Stall:
    """``stall`` with ``target[row]`` for each of its threads' rows."""
    held = stall.held
    if held is not None:
        held = replace(held, thread=int(target[held.thread]))
    return replace(stall, held=held, victims=tuple((int(target[thread]), ns) for thread, ns in stall.victims))
