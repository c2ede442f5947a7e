"""Runs of looks as episodes: waits of a thread, turns of a holder, each with start, length and their bounds.

A wait is a thread waiting at every look without a break. It may have had the GIL for a moment between two looks.
It had not where another thread had it at both and it changed hands once at most (``switch_number``), or where the
waiting thread used no CPU time. It had where the GIL changed hands and nobody has had it since this thread
(``last_holder``). Where nothing proves it, the wait ends if the thread's stack changed, if it used more CPU time than
waiting takes, if the GIL changed hands more than once and the thread is awake, or if the time between was not observed.
A pass in which the GIL changed hands (torn) may have read the CPU time after a hold that the pass does not show: what
it found counts towards the gap behind it too.

A turn is one thread having the GIL at every look, the switch number unchanged: nobody else had it in between.

An episode began between the look before it and its first one, and ended between its last look and the one behind
it. Start and end are taken as the middles of these edges; the error is half of both edges together. It is not
known of an episode that was under way at the first or the last pass, of a wait that ends because the time between
was not observed, and where a look at either edge is not sure: the thread was runnable, and whether it waited follows
from what it did before and after. Time in which the target
was stopped does not count.

A pure function of the verdicts, whatever the batches they come in.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gilprof.analysis.classify import Verdicts
from gilprof.analysis.episodes.rows import (
    RECENT,
    EpisodeKind,
    EpisodeRows,
    Finished,
    OpenEpisodes,
    Passes,
    before_the_first,
)
from gilprof.analysis.episodes.turns import Turns
from gilprof.facts.arrays import Bools, Rows
from gilprof.facts.by_thread import by_thread
from gilprof.model import NONE, UNREADABLE, State

WAITING_CPU_NS = 40_000.0
"""CPU time that a thread may use between two looks and still wait: it wakes up once a switch interval, to ask for
the GIL, and whenever somebody else is faster than it. Against exact tracing of seven programs: 95 % of the waits
that went on took less than 55 microseconds, mostly less than 20, 95 % of those with a hold in between more than 30."""

DROPPING_CPU_NS = 200_000.0
"""CPU time that a waiting thread may use where the GIL changed hands once at most, and nobody had it at one of the
looks: this thread may just have dropped it, and be on its way to sleep."""

FramesOf = Callable[[npt.NDArray[np.integer]], Rows]
"""The own frame of each stack (``OwnFrames.of``)."""


@dataclass(frozen=True, slots=True)
class _Looks:
    """Looks at threads that wait, and (``unknown``) those that may have waited. ``row``: of their pass, from 1 on; 0 is
    the last pass before."""

    thread: Rows
    row: Rows
    stack: Rows
    origin: Rows
    cpu_ns: npt.NDArray[np.float64]
    sure: Bools
    """``LookVerdicts.sure``."""
    last_holder: Bools
    """``LookVerdicts.last_holder``."""
    torn_cpu_ns: npt.NDArray[np.float64]
    """CPU time that the thread may have used in its pass, after the GIL was read; 0 unless the pass is torn."""
    unknown_thread: Rows
    unknown_row: Rows

    @classmethod
    def of(cls, verdicts: Verdicts, kept: Bools) -> _Looks:
        """Those of the passes that are ``kept``."""
        looks = verdicts.looks
        row_of = np.cumsum(kept, dtype=np.int64)
        doubtful = (looks.state == State.UNKNOWN) | ((looks.state == State.RELEASED) & ~looks.sure)
        waiting, unknown = (
            rows[kept[looks.pass_row[rows]]]
            for rows in (np.flatnonzero(looks.state == State.WAITING), np.flatnonzero(doubtful))
        )
        passes, seen_in = verdicts.passes, looks.pass_row[waiting]
        most_ns = np.where(passes.torn, passes.span_ns, 0).astype(np.float64)[seen_in]
        return cls(
            thread=looks.thread[waiting].astype(np.int64),
            row=row_of[seen_in],
            stack=looks.stack[waiting].astype(np.int64),
            origin=looks.origin[waiting].astype(np.int64),
            cpu_ns=looks.cpu_ns[waiting],
            sure=looks.sure[waiting],
            last_holder=looks.last_holder[waiting],
            torn_cpu_ns=np.minimum(looks.cpu_ns[waiting], most_ns),
            unknown_thread=looks.thread[unknown].astype(np.int64),
            unknown_row=row_of[looks.pass_row[unknown]],
        )

    @classmethod
    def unknown(cls, threads: Rows) -> _Looks:
        """In one pass, nothing could be told of these threads."""
        none, no_ns = np.zeros(0, np.int64), np.zeros(0)
        rows = np.ones(len(threads), np.int64)
        return cls(none, none, none, none, no_ns, none > 0, none > 0, no_ns, threads, rows)


@dataclass(frozen=True, slots=True)
class _LastLooks:
    """At each wait that is under way."""

    sure: Bools
    begun: Bools
    """Whether any look of the wait is sure so far."""
    torn_cpu_ns: npt.NDArray[np.float64]

    @classmethod
    def none(cls) -> _LastLooks:
        return cls(np.zeros(0, np.bool_), np.zeros(0, np.bool_), np.zeros(0))

    def part(self, rows: Rows | Bools) -> _LastLooks:
        return _LastLooks(self.sure[rows], self.begun[rows], self.torn_cpu_ns[rows])


class Episodes:
    """Follows one GIL; remembers what is under way at the last pass."""

    def __init__(self, frames_of: FramesOf) -> None:
        self._frames_of = frames_of
        self._stopped_ns = 0
        self._passes: Passes | None = None
        self._waits = OpenEpisodes.none()
        self._last = _LastLooks.none()
        self._turns = Turns()
        self._unknown = np.zeros(0, np.int64)
        self._holder = NONE
        """Who had the GIL at the last pass."""

    def feed(self, verdicts: Verdicts) -> Finished:
        """Take in the next passes; what has ended by the last of them."""
        passes = verdicts.passes
        stopped_ns = self._stopped_ns + np.cumsum(passes.stopped_ns.astype(np.int64))
        kept = passes.stopped_ns == 0
        if len(stopped_ns):
            self._stopped_ns = int(stopped_ns[-1])
        if not kept.any():
            return Finished.nothing()
        looks = _Looks.of(verdicts, kept)
        if self._passes is None:
            switch_number = int(passes.switch_number.astype(np.int64)[0])
            self._passes = before_the_first(switch_number, int(passes.t_ns[0]), int(stopped_ns[0]))
            self._unknown = looks.thread
        new = self._columns(verdicts, stopped_ns)
        return self._follow(new if kept.all() else new.part(kept), looks)

    def finish(self) -> Finished:
        """What is under way at the last pass: it lasted at least until then. Nothing follows."""
        if self._passes is None:
            return Finished.nothing()
        last = self._passes.part(slice(-1, None))
        behind = replace(last, span_ns=np.zeros(1, np.int64), holder=np.full(1, UNREADABLE))
        return self._follow(behind, _Looks.unknown(self._waits.thread))

    def under_way(self) -> Finished:
        """What is under way, as if nothing followed; this changes nothing."""
        as_if = copy(self)
        as_if._turns = copy(self._turns)
        return as_if.finish()

    def regroup(self, target: Rows) -> None:
        """Threads have other numbers from now on: ``target[i]`` instead of i, for some that have ended the same."""
        if self._passes is None:
            return
        holder = self._passes.holder.copy()
        holder[holder >= 0] = target[holder[holder >= 0]]
        self._passes = replace(self._passes, holder=holder)
        waits = replace(self._waits, thread=target[self._waits.thread])
        order = by_thread(waits.thread)
        self._waits, self._last = waits.part(order), self._last.part(order)
        self._unknown = target[self._unknown]
        self._holder = int(target[self._holder]) if self._holder >= 0 else self._holder

    def _columns(self, verdicts: Verdicts, stopped_ns: Rows) -> Passes:
        passes, looks = verdicts.passes, verdicts.looks
        held = passes.holder >= 0
        look = passes.holder[held]
        holder, stack = passes.holder.copy(), passes.holder.copy()
        holder[held], stack[held] = looks.thread[look], looks.stack[look]
        waiters = np.bincount(looks.pass_row[looks.state == State.WAITING], minlength=len(held))
        sums = np.zeros((4, len(held)), np.int64)
        sums[0, held], sums[1, held], sums[2, held] = looks.overdue[look], looks.gc[look], waiters[held]
        before = self._passes.sums[:, -1:] if self._passes is not None else 0
        sums[:3] *= passes.weight_ns.astype(np.int64)
        had_it = np.append(self._holder, holder[:-1])[looks.pass_row] == looks.thread
        sums[3] = np.bincount(looks.pass_row[had_it], looks.queued_ns[had_it], len(held)).astype(np.int64)
        self._holder = int(holder[-1])
        return Passes(
            clock_ns=passes.t_ns - stopped_ns,
            t_ns=passes.t_ns,
            span_ns=passes.span_ns,
            mean_gap_ns=np.rint(passes.mean_gap_ns).astype(np.int64),
            holder=holder,
            stack=stack,
            frame=self._frames_of(stack),
            switch_number=passes.switch_number.astype(np.int64),
            late=passes.unobserved_ns > 0,
            sums=before + np.cumsum(sums, axis=1),
        )

    def _follow(self, new: Passes, looks: _Looks) -> Finished:
        assert self._passes is not None
        passes, count = Passes.joined([self._passes, new]), len(new.t_ns)
        view = passes.part(slice(-count - 1, None))
        unknown = _keys(np.append(self._unknown, looks.unknown_thread), np.append(self._unknown * 0, looks.unknown_row))
        waits, last_row, last = self._waits_in(view, looks, unknown)
        over = last_row < count
        ended, behind = waits.part(over), last_row[over] + 1
        end_seen = last.sure[over] & ~np.isin(_keys(ended.thread, behind), unknown)
        rows = ended.ended(view, behind - 1, end_seen, EpisodeKind.WAIT, self._frames_of(ended.place))
        turns = self._turns.follow(view)
        self._waits, self._last = waits.part(~over), last.part(~over)
        self._unknown = looks.unknown_thread[looks.unknown_row == count]
        self._passes = passes.part(slice(-RECENT - 1, None))
        return Finished(EpisodeRows.joined([rows, turns]), passes, waits, self._turns.under_way)

    def _waits_in(self, view: Passes, looks: _Looks, unknown: Rows) -> tuple[OpenEpisodes, Rows, _LastLooks]:
        """The waits that reach into these passes, by thread and time; the row of each one's last look, and that
        look."""
        carried = self._waits
        opened = len(carried.thread)
        thread = np.append(carried.thread, looks.thread)
        order = by_thread(thread)
        thread = thread[order]
        row = np.append(np.zeros(opened, np.int64), looks.row)[order]
        stack = np.append(carried.place, looks.stack)[order]
        sure = np.append(self._last.sure, looks.sure)[order]
        torn_cpu_ns = np.append(self._last.torn_cpu_ns, looks.torn_cpu_ns)[order]
        goes_on = np.zeros(len(thread), np.bool_)
        goes_on[1:] = (thread[1:] == thread[:-1]) & (row[1:] == row[:-1] + 1)
        proven = goes_on.copy()
        doubtful = np.flatnonzero(goes_on & _may_have_held(view)[row])
        if len(doubtful):
            here, before = stack[doubtful], stack[doubtful - 1]
            moved = (here != before) & (here != UNREADABLE) & (before != UNREADABLE)
            cpu_ns = looks.cpu_ns[order[doubtful] - opened] + torn_cpu_ns[doubtful - 1]
            switches = np.diff(view.switch_number, prepend=0)[row[doubtful]]
            switched = switches > 1
            # Runnable after several switches: one of them was to this thread.
            had_it = ~sure[doubtful] & switched
            had_it |= looks.last_holder[order[doubtful] - opened] & (switches > 0)
            held = moved | had_it | (cpu_ns > np.where(switched, WAITING_CPU_NS, DROPPING_CPU_NS))
            late = view.late[row[doubtful]]
            proven[doubtful] = ~had_it & (cpu_ns == 0)
            goes_on[doubtful] = proven[doubtful] | ~(held | late)
            not_seen = doubtful[~goes_on[doubtful] & ~held]
            sure[not_seen], sure[not_seen - 1] = False, False
        first = np.flatnonzero(~goes_on)
        last = np.append(first[1:], len(row))[: len(first)] - 1
        first_row, last_row = row[first], row[last]
        origin = np.append(np.zeros(opened, np.int64), looks.origin)[order[first]]
        seen = sure[first] & ~np.isin(_keys(thread[first], first_row - 1), unknown)
        waits = OpenEpisodes.seen(view, first_row, last_row, seen, thread[first], stack[last], origin)
        # One that was under way has row 0; these are sorted by thread, as they were.
        under_way = first_row == 0
        waits = waits.continuing(under_way, carried)
        # Before the first sure look it may have been runnable without wanting the GIL.
        sure_so_far = np.append(0, np.cumsum(np.append(self._last.begun, looks.sure)[order]))
        wait = np.repeat(np.arange(len(first)), last - first + 1)
        proven &= sure_so_far[:-1] > sure_so_far[first][wait]
        begun = sure_so_far[last + 1] > sure_so_far[first]
        waits = _with_proven(waits, view.clock_ns[row], first, proven, under_way, carried)
        return waits, last_row, _LastLooks(sure[last], begun, torn_cpu_ns[last])


def _with_proven(
    waits: OpenEpisodes, look_ns: Rows, first: Rows, proven: Bools, under_way: Bools, carried: OpenEpisodes
) -> OpenEpisodes:
    """``waits`` with their longest proven stretches. ``look_ns``: of their looks one behind the other; ``proven``: no
    break between this look and the one before; ``first``: which is the first of each wait, ``under_way``: for which
    waits it stands for what went before."""
    begin = np.flatnonzero(~proven)
    end = np.append(begin[1:], len(proven))[: len(begin)] - 1
    wait = np.searchsorted(first, begin, side="right") - 1
    from_ns = look_ns[begin]
    from_ns[np.isin(begin, first[under_way])] = carried.run_ns
    ns = look_ns[end] - from_ns
    order = np.lexsort((-np.arange(len(ns)), ns, wait))
    longest = order[np.searchsorted(wait[order], np.arange(len(first)), side="right") - 1]
    proven_ns, proven_from_ns = ns[longest], from_ns[longest]
    earlier = np.zeros(len(first), np.int64)
    earlier[under_way], earlier_from = carried.proven_ns, proven_from_ns.copy()
    earlier_from[under_way] = carried.proven_from_ns
    last_run = np.searchsorted(wait, np.arange(len(first)), side="right") - 1
    return replace(
        waits,
        run_ns=from_ns[last_run],
        proven_ns=np.maximum(proven_ns, earlier),
        proven_from_ns=np.where(earlier >= proven_ns, earlier_from, proven_from_ns),
    )


def _may_have_held(view: Passes) -> Bools:
    """(n,) between the pass before and this one, a thread that has the GIL at neither may have had it all the same."""
    known = (view.holder[1:] >= 0) & (view.holder[:-1] >= 0)
    switches = np.diff(view.switch_number)
    return np.append(False, ~(known & (switches >= 0) & (switches <= 1)))


def _keys(thread: Rows, row: Rows) -> Rows:
    """Each thread and pass as one number."""
    return (thread << 32) + row + 1
