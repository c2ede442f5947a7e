"""From facts to states: what each thread was doing at each look.

A pure function of the facts, whatever the batches they come in: a pass leaves the classifier once all of its
looks are decided, and a decision never depends on how much has arrived beyond what it needs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gilprof.analysis.collections import Collections
from gilprof.analysis.origins import Origins
from gilprof.analysis.runnable import UNDECIDED, decide_runs
from gilprof.analysis.syscalls import blocked_in, blocked_in_table
from gilprof.analysis.verdicts import NOT_APPLICABLE, LookVerdicts, PassVerdicts, Verdicts
from gilprof.analysis.weights import KernelAccount, PassClock
from gilprof.model import (
    LOOK_DTYPE,
    NONE,
    PASS_DTYPE,
    SYSCALL_RUNNING,
    SYSCALL_UNREADABLE,
    UNREADABLE,
    LookArray,
    LookFlag,
    PassArray,
    PassFlag,
    State,
    TargetInfo,
)

States = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int64]


class Classifier:
    """Decides the looks of one process, in the order of time."""

    def __init__(self, info: TargetInfo) -> None:
        mean_gap_ns = 1e9 / info.asked_hz
        self._gil_cond = info.gil_cond
        self._calls = blocked_in_table(info.machine)
        self._clock = PassClock(mean_gap_ns)
        self._kernel = KernelAccount()
        self._origins = Origins(mean_gap_ns, info.switch_interval_ns)
        self._collections = Collections()
        self._passes = np.empty(0, PASS_DTYPE)
        self._looks = np.empty(0, LOOK_DTYPE)
        self._state = np.empty(0, np.uint8)

    def feed(self, passes: PassArray, looks: LookArray) -> Verdicts:
        """Take in the next facts; the verdicts of all passes that are decided by now."""
        state = self._by_own_facts(passes, looks)
        self._passes = np.concatenate([self._passes, passes])
        self._looks = np.concatenate([self._looks, looks])
        self._state = np.concatenate([self._state, state])
        self._decide_runnable(final=False)
        return self._emit(self._decided_passes())

    def finish(self) -> Verdicts:
        """The verdicts of what is left; nothing follows."""
        self._decide_runnable(final=True)
        return self._emit(len(self._passes))

    def _by_own_facts(self, passes: PassArray, looks: LookArray) -> States:
        """The states that a look's own pass decides; ``UNDECIDED`` the others."""
        row = np.repeat(np.arange(len(passes)), passes["look_count"])
        python = _flag(looks, LookFlag.PYTHON)
        runs = looks["syscall"] == SYSCALL_RUNNING
        on_gil = looks["gil_word"] >= 0
        holder = python & (looks["thread"] == passes["holder"][row]) & (passes["holder"][row] >= 0)
        # As of the pass's first reading: a holder that blocks after it has dropped the GIL was held then.
        kept = _flag(looks, LookFlag.HOLDER_BEFORE) & _flag(looks, LookFlag.HOLDER_AFTER)
        stuck = holder & kept & ~runs & ~on_gil
        open_look = python & runs & ~holder

        state = np.full(len(looks), State.BLOCKED, np.uint8)
        state[runs] = State.RELEASED
        state[on_gil] = State.WAITING
        state[open_look] = UNDECIDED
        state[open_look & self._surely_waits(passes, looks, row, open_look)] = State.WAITING
        state[holder] = State.HELD
        state[stuck] = State.HELD_BLOCKED
        state[looks["syscall"] == SYSCALL_UNREADABLE] = State.UNKNOWN
        return state

    def _surely_waits(
        self, passes: PassArray, looks: LookArray, row: Rows, open_look: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """Runnable without the GIL, and certainly wanting it.

        It stands where Python code drops the GIL by force only; or it took the GIL during the pass; or the
        condition variable counts as many threads that are awake but not out yet as there are such looks.
        """
        first, end = self._gil_cond
        asleep = (looks["gil_word"] >= first) & (looks["gil_word"] < end)
        woken = passes["cond_waiters"].astype(np.int64) - np.bincount(row[asleep], minlength=len(passes))
        candidates = np.bincount(row[open_look], minlength=len(passes))
        all_woken = (woken >= candidates)[row]
        return (
            _flag(looks, LookFlag.EVAL_CHECK)
            | _flag(looks, LookFlag.HOLDER_AFTER)
            | _flag(looks, LookFlag.HOLDER_BEFORE)
            | all_woken
        )

    def _decide_runnable(self, final: bool) -> None:
        looks = self._looks
        row = np.repeat(np.arange(len(self._passes)), self._passes["look_count"])
        # A thread that is missing from the newest pass has ended: nothing of it follows.
        complete = np.ones(len(looks), np.bool_)
        if not final and len(self._passes):
            complete = ~np.isin(looks["thread"], looks["thread"][row == len(self._passes) - 1])
        order = np.argsort(looks["thread"], kind="stable")
        self._state[order] = decide_runs(
            looks["thread"][order],
            self._state[order],
            self._passes["t_ns"][row][order].astype(np.float64),
            looks["cpu_ns"][order].astype(np.float64),
            looks["queued_ns"][order].astype(np.float64),
            looks["timeslices"][order].astype(np.int64),
            complete[order],
        )

    def _decided_passes(self) -> int:
        """How many passes from the first on have no undecided look."""
        undecided = np.flatnonzero(self._state == UNDECIDED)
        if len(undecided) == 0:
            return len(self._passes)
        ends = np.cumsum(self._passes["look_count"], dtype=np.int64)
        return int(np.searchsorted(ends, undecided[0], side="right"))

    def _emit(self, count: int) -> Verdicts:
        passes, self._passes = self._passes[:count], self._passes[count:]
        look_count = int(passes["look_count"].sum(dtype=np.int64))
        looks, self._looks = self._looks[:look_count], self._looks[look_count:]
        state, self._state = self._state[:look_count], self._state[look_count:]
        return self._judge(passes, looks, state)

    def _judge(self, passes: PassArray, looks: LookArray, state: States) -> Verdicts:
        row = np.repeat(np.arange(len(passes)), passes["look_count"])
        weights = self._clock.weigh(passes)
        cpu_ns, queued_ns = self._kernel.growth(looks, weights, row)
        held = (state == State.HELD) | (state == State.HELD_BLOCKED)
        blocked = (state == State.BLOCKED) | (state == State.HELD_BLOCKED)
        where = np.full(len(looks), NOT_APPLICABLE, np.uint8)
        where[blocked] = blocked_in(looks["syscall"][blocked], self._calls)
        origin = self._origins.trace(
            looks["thread"],
            state,
            looks["stack"],
            passes["t_ns"][row].astype(np.float64),
            _flag(looks, LookFlag.EVAL_CHECK),
        )
        return Verdicts(
            PassVerdicts(
                t_ns=passes["t_ns"].astype(np.int64),
                weight_ns=weights.weight,
                unobserved_ns=weights.unobserved,
                stopped_ns=weights.stopped,
                holder=_holder_rows(passes, row, held),
                switch_number=passes["switch_number"].astype(np.uint64),
                torn=(passes["flags"] & PassFlag.TORN) != 0,
            ),
            LookVerdicts(
                pass_row=row,
                thread=looks["thread"].astype(np.int32),
                stack=looks["stack"].astype(np.int32),
                python=_flag(looks, LookFlag.PYTHON),
                gc=self._collections.trace(passes, row, looks["thread"], looks["stack"]),
                state=state,
                where=where,
                origin=origin,
                overdue=held & ((passes["flags"] & PassFlag.DROP_REQUEST) != 0)[row],
                cpu_ns=cpu_ns,
                queued_ns=queued_ns,
            ),
        )


def _flag(looks: LookArray, flag: LookFlag) -> npt.NDArray[np.bool_]:
    out: npt.NDArray[np.bool_] = (looks["flags"] & flag) != 0
    return out


def _holder_rows(passes: PassArray, row: Rows, held: npt.NDArray[np.bool_]) -> Rows:
    """Row of each pass's holder; a locked GIL without a held look has a holder that cannot be told."""
    out = np.where(passes["holder"] == NONE, NONE, UNREADABLE).astype(np.int64)
    found = np.flatnonzero(held)
    out[row[found]] = found
    return out
