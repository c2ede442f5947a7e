"""From facts to states: what each thread was doing at each look.

A pure function of the facts, whatever the batches they come in: a pass leaves the classifier once all of its
looks are decided, and a decision never depends on how much has arrived beyond what it needs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from gilprof.analysis.classify.garbage_collection import Collections
from gilprof.analysis.classify.holder_without_cpu import OPEN, decide_starving
from gilprof.analysis.classify.holds import Holds
from gilprof.analysis.classify.origins import Origins
from gilprof.analysis.classify.pending import Pending
from gilprof.analysis.classify.runnable import UNDECIDED, decide_runs
from gilprof.analysis.classify.sleeps import Sleeps, Woken, within
from gilprof.analysis.classify.syscalls import blocked_in, blocked_in_table
from gilprof.analysis.classify.verdicts import NOT_APPLICABLE, LookVerdicts, PassVerdicts, Verdicts
from gilprof.analysis.classify.weights import KernelAccount, PassClock
from gilprof.facts.arrays import Rows
from gilprof.facts.by_thread import by_thread
from gilprof.facts.passes import begins_pass, pass_numbers
from gilprof.model import (
    LOOK_DTYPE,
    NONE,
    PASS_DTYPE,
    SYSCALL_RUNNING,
    SYSCALL_UNREADABLE,
    UNREADABLE,
    IntPairs,
    LookArray,
    LookFlag,
    PassArray,
    PassFlag,
    State,
    TargetInfo,
)

States = npt.NDArray[np.uint8]


COMPUTED_SHARE = 0.9
"""On a CPU for this share of the gap before the look: all the time, but for what the kernel took."""


def _no_stacks() -> IntPairs:
    return np.empty((0, 2), np.int32)


class Classifier:
    """Decides the looks of one process, in the order of time."""

    def __init__(self, info: TargetInfo, stacks: Callable[[], IntPairs] = _no_stacks) -> None:
        """``stacks``: the stacks that the looks refer to, so far (``Batch.stacks``)."""
        self._info = info
        self._asked_gap_ns = 1e9 / info.asked_hz
        self._calls = blocked_in_table(info.machine)
        self._clock = PassClock(self._asked_gap_ns)
        self._kernel = KernelAccount()
        self._sleeps = Sleeps(info)
        self._holds = Holds(info.switch_interval_ns)
        self._origins = Origins()
        self._collections = Collections(stacks)
        self._pending = self._taken_in(np.empty(0, PASS_DTYPE), np.empty(0, LOOK_DTYPE))

    def feed(self, passes: PassArray, looks: LookArray) -> Verdicts:
        """Take in the next facts; the verdicts of all passes that are decided by now."""
        self._pending = self._pending.joined(self._taken_in(passes, looks))
        self._decide(final=False)
        return self._emit(self._decided_rows())

    def finish(self) -> Verdicts:
        """The verdicts of what is left; nothing follows."""
        self._decide(final=True)
        return self._emit(len(self._pending.passes))

    def pending_threads(self) -> npt.NDArray[np.int32]:
        """The threads of which some look is not decided yet, or waits behind one that is not."""
        return np.unique(self._pending.looks["thread"])

    def forget(self, threads: Rows) -> None:
        """These threads have ended, and other ones will come under their numbers."""
        self._holds.forget(threads)
        self._origins.forget(threads)
        self._kernel.forget(threads)
        self._sleeps.forget(threads)

    def _taken_in(self, passes: PassArray, looks: LookArray) -> Pending:
        row = np.repeat(np.arange(len(passes)), passes["look_count"])
        t_ns = passes["t_ns"].astype(np.int64)
        weights = self._clock.weigh(passes)
        looks = self._kernel.repaired(looks)
        cpu_ns, queued_ns = self._kernel.growth(looks, weights, row, t_ns[row])
        woken = self._sleeps.woken(passes, looks, row)
        awake, queueing = _going_for_gil(passes, looks, row, self._info, woken)
        state = _by_own_facts(passes, looks, row, woken)
        undecided = state == UNDECIDED
        sure = ~undecided
        # As many are on their way as there are threads that may be, and the GIL stood still: all of them are.
        all_of_them = awake >= np.bincount(row[undecided], minlength=len(passes))
        all_of_them &= (passes["flags"] & PassFlag.TORN) == 0
        state[undecided & all_of_them[row]] = State.WAITING
        held_long = self._holds.trace(looks["thread"], _has_gil(state), ~undecided, t_ns[row], weights.aimed[row])
        obeys_when_it_runs = (state == State.HELD) & (looks["syscall"] == SYSCALL_RUNNING) & _drop_asked(passes)[row]
        return Pending(
            passes=passes,
            weights=weights,
            looks=looks,
            state=state,
            cpu_ns=cpu_ns,
            queued_ns=queued_ns,
            computed_before=cpu_ns >= COMPUTED_SHARE * weights.weight[row],
            gil_sought=((awake > 0) | (queueing > 0))[row],
            held_long=held_long,
            made_to_drop=held_long & undecided & (_drop_asked(passes)[row] | ~_flag(looks, LookFlag.LAST_HOLDER)),
            sure=sure,
            starving=np.where(obeys_when_it_runs, OPEN, np.uint8(0)),
        )

    def _decide(self, final: bool) -> None:
        pending = self._pending
        looks = pending.looks
        order = by_thread(looks["thread"])
        thread, row = looks["thread"][order], pending.pass_row[order]
        number, domain = pass_numbers(pending.passes), pending.passes["domain"]
        breaks = (np.diff(thread, prepend=-1) != 0) | (np.diff(number[row], prepend=-1) > 1)
        breaks |= np.diff(domain[row], prepend=NONE) != 0
        stay = np.cumsum(breaks)
        # A stay that does not reach the newest pass has ended.
        last_pass = np.zeros(len(stay) + 1, np.int64)
        np.maximum.at(last_pass, stay, number[row])
        complete = final | (last_pass[stay] < number.max(initial=0))
        t_ns = pending.passes["t_ns"].astype(np.int64)[row]
        pending.state[order] = decide_runs(
            stay,
            pending.state[order],
            t_ns,
            looks["cpu_ns"][order].astype(np.float64),
            looks["queued_ns"][order].astype(np.float64),
            looks["timeslices"][order].astype(np.int64),
            pending.computed_before[order],
            pending.gil_sought[order],
            pending.made_to_drop[order],
            complete,
        )
        pending.starving[order] = decide_starving(
            pending.starving[order],
            stay,
            t_ns,
            looks["cpu_ns"][order].astype(np.int64),
            looks["queued_ns"][order].astype(np.int64),
            complete,
        )

    def _decided_rows(self) -> int:
        """How many rows, of whole passes, from the first on have no undecided look."""
        undecided = np.flatnonzero((self._pending.state == UNDECIDED) | (self._pending.starving == OPEN))
        if len(undecided) == 0:
            return len(self._pending.passes)
        ends = np.cumsum(self._pending.passes["look_count"], dtype=np.int64)
        row = np.searchsorted(ends, undecided[0], side="right")
        return int(np.flatnonzero(begins_pass(self._pending.passes)[: row + 1])[-1])

    def _emit(self, count: int) -> Verdicts:
        decided, self._pending = self._pending.split(count)
        return self._judge(decided)

    def _spared(self, decided: Pending) -> npt.NDArray[np.float64]:
        gap_ns = decided.passes["gap_ns"].astype(np.float64)
        share = 1 / self._asked_gap_ns - 1 / np.maximum(gap_ns, self._asked_gap_ns)
        return np.where(gap_ns > 0, decided.weights.gap * share, 0.0)

    def _judge(self, decided: Pending) -> Verdicts:
        passes, looks, state, row = decided.passes, decided.looks, decided.state, decided.pass_row
        held = _has_gil(state)
        blocked = (state == State.BLOCKED) | (state == State.HELD_BLOCKED)
        where = np.full(len(looks), NOT_APPLICABLE, np.uint8)
        where[blocked] = blocked_in(looks["syscall"][blocked], self._calls)
        t_ns = passes["t_ns"].astype(np.int64)
        return Verdicts(
            PassVerdicts(
                t_ns=t_ns,
                domain=passes["domain"].astype(np.int32),
                begins=begins_pass(passes),
                span_ns=passes["span_ns"].astype(np.int64),
                weight_ns=decided.weights.weight,
                unobserved_ns=decided.weights.unobserved,
                stopped_ns=decided.weights.stopped,
                mean_gap_ns=decided.weights.aimed,
                spared=self._spared(decided),
                holder=_holder_rows(passes, row, held),
                switch_number=passes["switch_number"].astype(np.uint64),
                torn=(passes["flags"] & PassFlag.TORN) != 0,
            ),
            LookVerdicts(
                pass_row=row,
                thread=looks["thread"].astype(np.int32),
                stack=looks["stack"].astype(np.int32),
                python=_flag(looks, LookFlag.PYTHON),
                gc=self._collections.trace(passes, looks),
                state=state,
                sure=decided.sure,
                blocked_in=where,
                origin=self._origins.trace(
                    looks["thread"],
                    state,
                    looks["stack"],
                    t_ns[row],
                    _flag(looks, LookFlag.EVAL_CHECK),
                    decided.held_long,
                ),
                last_holder=_flag(looks, LookFlag.LAST_HOLDER),
                overdue=held & _drop_asked(passes)[row] & (decided.starving == 0),
                cpu_ns=decided.cpu_ns,
                queued_ns=decided.queued_ns,
            ),
        )


def _by_own_facts(passes: PassArray, looks: LookArray, row: Rows, woken: Woken) -> States:
    """The states that a look's own pass decides, and ``woken`` (``Sleeps``); ``UNDECIDED`` the others."""
    python = _flag(looks, LookFlag.PYTHON)
    runs = looks["syscall"] == SYSCALL_RUNNING
    on_gil = looks["gil_word"] >= 0
    before, after = _flag(looks, LookFlag.HOLDER_BEFORE), _flag(looks, LookFlag.HOLDER_AFTER)
    holder = python & (looks["thread"] == passes["holder"][row]) & (passes["holder"][row] >= 0)
    # As of the pass's first reading: a holder that blocks after it has dropped the GIL was held then.
    stuck = holder & before & after & ~runs & ~on_gil
    open_look = python & runs & ~holder
    # It stands where Python code gives the GIL up by force, or for a finalizer of a collection that is run there.
    collecting = (passes["flags"] & PassFlag.COLLECTING) != 0
    forced = open_look & _flag(looks, LookFlag.EVAL_CHECK) & ~collecting[row]

    state = np.full(len(looks), State.BLOCKED, np.uint8)
    state[runs] = State.RELEASED
    state[on_gil] = State.WAITING
    state[open_look] = UNDECIDED
    state[forced] = State.WAITING
    state[open_look & woken.outside] = State.RELEASED
    state[open_look & woken.inside] = State.WAITING
    state[holder] = State.HELD
    state[stuck] = State.HELD_BLOCKED
    state[looks["syscall"] == SYSCALL_UNREADABLE] = State.UNKNOWN
    return state


def _going_for_gil(passes: PassArray, looks: LookArray, row: Rows, info: TargetInfo, woken: Woken) -> tuple[Rows, Rows]:
    """For each pass, how many threads but the holder are awake inside take_gil or drop_gil and not known to be
    (``woken``), and how many sleep on the mutex: its users, less those asleep on the condition variable."""
    known = within(looks["gil_word"], info.gil_cond) | woken.inside
    queueing = within(looks["gil_word"], info.gil_mutex)
    holder = (looks["thread"] == passes["holder"][row]) & _flag(looks, LookFlag.MUTEX_OWNER)
    awake = passes["mutex_users"].astype(np.int64) - np.bincount(row[known | holder], minlength=len(passes))
    return awake, np.bincount(row[queueing], minlength=len(passes))


def _has_gil(state: States) -> npt.NDArray[np.bool_]:
    out: npt.NDArray[np.bool_] = (state == State.HELD) | (state == State.HELD_BLOCKED)
    return out


def _drop_asked(passes: PassArray) -> npt.NDArray[np.bool_]:
    out: npt.NDArray[np.bool_] = (passes["flags"] & PassFlag.DROP_REQUEST) != 0
    return out


def _flag(looks: LookArray, flag: LookFlag) -> npt.NDArray[np.bool_]:
    out: npt.NDArray[np.bool_] = (looks["flags"] & flag) != 0
    return out


def _holder_rows(passes: PassArray, row: Rows, held: npt.NDArray[np.bool_]) -> Rows:
    """Row of each pass's holder; a locked GIL without a held look has a holder that cannot be told."""
    out = np.where(passes["holder"] == NONE, NONE, UNREADABLE).astype(np.int64)
    found = np.flatnonzero(held)
    out[row[found]] = found
    return out
