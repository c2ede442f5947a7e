"""Episodes as columns: what has ended, and what it is looked up in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from gilprof.facts.arrays import Bools, Rows
from gilprof.facts.columns import Columns
from gilprof.model import UNREADABLE

NOT_KNOWN = -1
"""As an error: the start or the end was not seen."""
RECENT = 4096
"""Passes up to the end of a wait that tell who had the GIL in it."""


class EpisodeKind(IntEnum):
    """A thread waiting without a break; a thread having the GIL without a break."""

    WAIT = 0
    TURN = 1


class EpisodeColumns(Columns):
    """Columns whose rows are their last axis."""

    __slots__ = ()
    ROW_AXIS = -1


@dataclass(frozen=True, slots=True)
class Passes(EpisodeColumns):
    """Passes of a target that was not stopped. ``clock_ns`` is ``t_ns`` less all time in which it was."""

    clock_ns: Rows
    t_ns: Rows
    span_ns: Rows
    mean_gap_ns: Rows
    """``PassVerdicts.mean_gap_ns``."""
    holder: Rows
    """The thread that has the GIL; ``NONE``, ``UNREADABLE``."""
    stack: Rows
    """The holder's stack."""
    frame: Rows
    """The own frame of the holder's stack."""
    switch_number: Rows
    late: Bools
    """The time before it was not observed, or not all."""
    sums: Rows
    """(4, n) nanoseconds up to here: observed with an overdue holder, with a collecting one, and of others' waiting
    for one; and by which the kernel's account of the time without a CPU has grown, of who had it at the pass before:
    it grows when the thread gets a CPU."""


@dataclass(frozen=True, slots=True)
class EpisodeRows(EpisodeColumns):
    """Episodes that have ended; nanoseconds."""

    kind: Rows
    """``EpisodeKind``."""
    thread: Rows
    frame: Rows
    """The own frame: where it waited, or where the holder was for the longest at a stretch."""
    start_ns: Rows
    """CLOCK_MONOTONIC."""
    length_ns: Rows
    mean_gap_ns: Rows
    """Between passes, as it was aimed at when it ended."""
    error_ns: Rows
    """Start and length are at most so much off; ``NOT_KNOWN``."""
    origin: Rows
    """``Origin`` of waits, else ``NOT_APPLICABLE``."""
    overdue_ns: Rows
    """Of it, with an overdue holder."""
    gc_ns: Rows
    """Of it, with a collection on top of the holder's stack."""
    blamed_ns: Rows
    """Others' waiting for the holders meanwhile."""
    begin_ns: Rows
    """The start, on the clock of ``Passes``."""
    first_ns: Rows
    """The first look, on that clock."""
    last_ns: Rows
    """The last look, on that clock."""
    proven_from_ns: Rows
    """Where the longest stretch from look to look begins in which the thread cannot have had a break, on that clock."""
    proven_ns: Rows
    """How long that stretch is."""

    @classmethod
    def none(cls) -> EpisodeRows:
        """No rows."""
        return cls(*([np.zeros(0, np.int64)] * 16))


@dataclass(frozen=True, slots=True)
class OpenEpisodes(EpisodeColumns):
    """Episodes as far as they were seen, ended or not; times are ``Passes.clock_ns``."""

    thread: Rows
    place: Rows
    """Of a wait its stack, of a turn the own frame where the holder was for the longest at a stretch."""
    origin: Rows
    """``Origin`` of waits, else ``NOT_APPLICABLE``."""
    start_ns: Rows
    """Estimated: between the look before and the first one."""
    edge_ns: Rows
    """It is at most so much off; ``NOT_KNOWN``."""
    stopped_ns: Rows
    """For how long the target was stopped before the start."""
    first_ns: Rows
    """The first look."""
    last_ns: Rows
    """The last look so far."""
    run_ns: Rows
    """The look since which it cannot have had a break."""
    proven_from_ns: Rows
    """As in ``EpisodeRows``, so far."""
    proven_ns: Rows
    """As in ``EpisodeRows``, so far."""
    sums: Rows
    """(4, n) ``Passes.sums`` before it."""

    @classmethod
    def none(cls) -> OpenEpisodes:
        """No rows."""
        no = np.zeros(0, np.int64)
        return cls(no, no, no, no, no, no, no, no, no, no, no, np.zeros((4, 0), np.int64))

    @classmethod
    def seen(
        cls, view: Passes, first: Rows, last: Rows, start_seen: Bools, thread: Rows, place: Rows, origin: Rows
    ) -> OpenEpisodes:
        """From pass ``first`` to pass ``last`` of ``view``; not ``start_seen``: it may have begun before."""
        before = np.maximum(first - 1, 0)
        edge = (view.clock_ns[first] + view.span_ns[first] - view.clock_ns[before] + 1) // 2
        return cls(
            thread,
            place,
            origin,
            start_ns=view.clock_ns[before] + edge,
            edge_ns=np.where(start_seen, edge, NOT_KNOWN),
            stopped_ns=view.t_ns[first] - view.clock_ns[first],
            first_ns=view.clock_ns[first],
            last_ns=view.clock_ns[last],
            run_ns=view.clock_ns[first],
            proven_from_ns=view.clock_ns[first],
            proven_ns=view.clock_ns[last] - view.clock_ns[first],
            sums=view.sums[:, before],
        )

    def continuing(self, rows: Bools, earlier: OpenEpisodes) -> OpenEpisodes:
        """With these ``rows`` as the rest of what was under way ``earlier``, in the same order."""
        kept = ("origin", "start_ns", "edge_ns", "stopped_ns", "first_ns", "sums")
        changed = {name: getattr(self, name).copy() for name in kept}
        for name, column in changed.items():
            column[..., rows] = getattr(earlier, name)
        return replace(self, **changed)

    def ended(self, view: Passes, last: Rows, end_seen: Bools, kind: EpisodeKind, frame: Rows) -> EpisodeRows:
        """As episodes: over between pass ``last`` and the one behind it; not ``end_seen``: they may have gone on."""
        edge = (view.clock_ns[last + 1] + view.span_ns[last + 1] - self.last_ns + 1) // 2
        overdue_ns, gc_ns, blamed_ns = view.sums[:3, last] - self.sums[:3]
        return EpisodeRows(
            kind=np.full(len(last), kind, np.int64),
            thread=self.thread,
            frame=frame,
            start_ns=self.start_ns + self.stopped_ns,
            length_ns=np.maximum(self.last_ns + edge - self.start_ns, 0),
            mean_gap_ns=view.mean_gap_ns[last],
            error_ns=np.where(end_seen & (self.edge_ns != NOT_KNOWN), self.edge_ns + edge, NOT_KNOWN),
            origin=self.origin,
            overdue_ns=overdue_ns,
            gc_ns=gc_ns,
            blamed_ns=blamed_ns,
            begin_ns=self.start_ns,
            first_ns=self.first_ns,
            last_ns=self.last_ns,
            proven_from_ns=self.proven_from_ns,
            proven_ns=self.proven_ns,
        )


@dataclass(frozen=True, slots=True)
class MainHolder:
    """Who had the GIL for the most of some time, and for how long of it."""

    thread: int
    frame: int
    """The own frame that it stood on for the longest."""
    stack: int
    """The stack above that frame for the most of that time."""
    ns: int
    all_ns: int
    """For how long anybody had it."""


@dataclass(frozen=True, slots=True)
class Why:
    """What those who had the GIL did for some time; nanoseconds of it."""

    gc_ns: int = 0
    """A garbage collection ran on top of their stacks."""
    queued_ns: int = 0
    """They had no CPU."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What has ended, and around it what tells who was to blame and who suffered."""

    rows: EpisodeRows
    passes: Passes | None
    """Up to ``RECENT`` before the new ones, and these."""
    waits: OpenEpisodes
    """All that reach into the new passes."""
    turn: OpenEpisodes
    """The turn under way at the last pass: a row or none."""

    @classmethod
    def nothing(cls) -> Finished:
        """No pass was taken in."""
        return cls(EpisodeRows.none(), None, OpenEpisodes.none(), OpenEpisodes.none())

    def culprit(self, row: int) -> MainHolder | None:
        """Who, and where, had the GIL most of the wait; of a long wait the last ``RECENT`` passes count."""
        rows = self.rows
        return self.held_most(int(rows.first_ns[row]), int(rows.last_ns[row]), int(rows.length_ns[row]))

    def held_most(self, first_ns: int, last_ns: int, length_ns: int) -> MainHolder | None:
        """Who, and where, had the GIL the most of the time from the pass at ``first_ns`` to the one at ``last_ns``, at
        most ``length_ns`` of it."""
        if self.passes is None:
            return None
        clock = self.passes.clock_ns
        end = int(np.searchsorted(clock, last_ns, side="right"))
        begin = max(int(np.searchsorted(clock, first_ns)), end - RECENT, 1)
        holder, frame = self.passes.holder[begin:end], self.passes.frame[begin:end]
        held = holder >= 0
        if not held.any():
            return None
        gap_ns = (clock[begin:end] - clock[begin - 1 : end - 1])[held]
        place = (holder[held] << 32) + frame[held] - UNREADABLE
        places, inverse = np.unique(place, return_inverse=True)
        ns = np.bincount(inverse, gap_ns)
        most = int(ns.argmax())
        stacks, inverse = np.unique(self.passes.stack[begin:end][held][inverse == most], return_inverse=True)
        stack = int(stacks[np.bincount(inverse).argmax()])
        thread, own = int(places[most]) >> 32, (int(places[most]) & 0xFFFFFFFF) + UNREADABLE
        return MainHolder(thread, own, stack, min(int(ns[most]), length_ns), min(int(ns.sum()), length_ns))

    def why(self, first_ns: int, last_ns: int, length_ns: int) -> Why:
        """What the holders did from the pass at ``first_ns`` to the one at ``last_ns``, at most ``length_ns`` of it."""
        if self.passes is None:
            return Why()
        clock, sums = self.passes.clock_ns, self.passes.sums
        begin, end = int(np.searchsorted(clock, first_ns)), int(np.searchsorted(clock, last_ns, side="right"))
        gc_ns = int(sums[1, end - 1] - sums[1, max(begin - 1, 0)])
        # The account of who had it at the last of them has grown by the pass behind.
        queued_ns = int(sums[3, min(end, len(clock) - 1)] - sums[3, min(begin, len(clock) - 1)])
        return Why(min(gc_ns, length_ns), min(queued_ns, length_ns))

    def victims(self, row: int) -> tuple[tuple[int, int], ...]:
        """(thread, nanoseconds) of those that waited at the turn's last look, longest first: whoever waits for a
        turn waits until it ends."""
        rows = self.rows
        begin_ns, length_ns = int(rows.begin_ns[row]), int(rows.length_ns[row])
        return self.waiting_at(int(rows.last_ns[row]), int(rows.thread[row]), begin_ns, begin_ns + length_ns)

    def waiting_at(self, look_ns: int, holder: int, begin_ns: int, end_ns: int) -> tuple[tuple[int, int], ...]:
        """(thread, nanoseconds) of those but ``holder`` that waited at the look at ``look_ns``, longest first, as far
        as their waits lie between ``begin_ns`` and ``end_ns``."""
        waits = self.waits
        there = (waits.first_ns <= look_ns) & (waits.last_ns >= look_ns) & (waits.thread != holder)
        since = np.maximum(waits.start_ns[there], begin_ns)
        victims = zip(waits.thread[there].tolist(), np.maximum(end_ns - since, 0).tolist(), strict=True)
        return tuple(sorted(victims, key=lambda victim: (-victim[1], victim[0])))


def before_the_first(switch_number: int, t_ns: int, stopped_ns: int) -> Passes:
    """The moment of the first pass, with nothing known of it."""
    one = np.ones(1, np.int64)
    none = UNREADABLE * one
    return Passes(
        (t_ns - stopped_ns) * one, t_ns * one, 0 * one, one, none, none, none, switch_number * one, one > 0,
        np.zeros((4, 1), np.int64),
    )  # fmt: skip
