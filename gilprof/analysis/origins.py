"""How a waiting thread came to want the GIL: a walk along each thread's looks, in order."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from gilprof.analysis.verdicts import NOT_APPLICABLE
from gilprof.model import NONE, Origin, State
from gilprof.ordering import by_thread

_NO_LOOK = 255
Number = TypeVar("Number", bound=np.generic)


class Origins:
    """Remembers, per thread, the last look and since when it held the GIL.

    A wait begins where the look before was no wait, or had another stack: a thread's stack does not change
    unless it has the GIL. Then, by what came before:

    - it stands on an instruction that checks the eval breaker and calls nothing: it was made to drop the GIL;
    - no look before although the profile had begun, or no Python frame: it enters Python;
    - it held the GIL for a switch interval or longer, so that others could ask for the drop: preempted;
    - else it gave the GIL up itself, for a call, and returns.
    """

    def __init__(self, mean_gap_ns: float, switch_interval_ns: float) -> None:
        self._first_t_ns: float | None = None
        self._forced_after_ns = max(switch_interval_ns - mean_gap_ns, 0.0)
        self._state = np.zeros(0, np.uint8)
        self._stack = np.zeros(0, np.int64)
        self._origin = np.zeros(0, np.uint8)
        self._t_ns = np.zeros(0, np.float64)
        self._held_since_ns = np.zeros(0, np.float64)

    def trace(
        self,
        thread: npt.NDArray[np.int32],
        state: npt.NDArray[np.uint8],
        stack: npt.NDArray[np.int32],
        t_ns: npt.NDArray[np.float64],
        eval_check: npt.NDArray[np.bool_],
    ) -> npt.NDArray[np.uint8]:
        """The origin of each look, ``NOT_APPLICABLE`` unless it waits. Rows in the order of time."""
        if len(thread) == 0:
            return np.zeros(0, np.uint8)
        self._grow(int(thread.max()) + 1)
        order = by_thread(thread)
        ids, state, stack = thread[order], state[order], stack[order].astype(np.int64)
        t_ns, eval_check = t_ns[order], eval_check[order]
        first = np.diff(ids, prepend=-1) != 0

        state_before = _shift(state, first, self._state[ids])
        stack_before = _shift(stack, first, self._stack[ids])
        t_before = _shift(t_ns, first, self._t_ns[ids])
        between = np.where(state_before == _NO_LOOK, t_ns, (t_ns + t_before) / 2)

        holds = (state == State.HELD) | (state == State.HELD_BLOCKED)
        held_before = (state_before == State.HELD) | (state_before == State.HELD_BLOCKED)
        held_since = _carry(np.where(holds & ~held_before, between, np.nan), first, self._held_since_ns[ids])
        held_for = between - _shift(held_since, first, self._held_since_ns[ids])

        waits = state == State.WAITING
        begins = waits & ((state_before != State.WAITING) | (stack != stack_before))
        if self._first_t_ns is None:
            self._first_t_ns = float(t_ns.min())
        entering = ((state_before == _NO_LOOK) & (t_ns > self._first_t_ns)) | (stack == NONE)
        forced = held_before & (held_for >= self._forced_after_ns)
        origin_here = np.select(
            [eval_check, entering, forced],
            [Origin.PREEMPTED, Origin.ENTERING, Origin.PREEMPTED],
            Origin.RETURNING,
        )
        origin = _carry(np.where(begins, origin_here, np.nan), first, self._origin[ids].astype(np.float64))

        ends = np.flatnonzero(np.append(first[1:], True))
        last = ids[ends]
        self._state[last], self._stack[last], self._t_ns[last] = state[ends], stack[ends], t_ns[ends]
        self._origin[last], self._held_since_ns[last] = origin[ends], held_since[ends]
        out = np.empty(len(ids), np.uint8)
        out[order] = np.where(waits, origin, NOT_APPLICABLE).astype(np.uint8)
        return out

    def forget(self, threads: npt.NDArray[np.int64]) -> None:
        """Other threads will come under these numbers."""
        self._state[threads[threads < len(self._state)]] = _NO_LOOK

    def _grow(self, size: int) -> None:
        extra = max(size, 2 * len(self._state)) - len(self._state)
        if size > len(self._state):
            self._state = np.append(self._state, np.full(extra, _NO_LOOK, np.uint8))
            self._stack = np.append(self._stack, np.zeros(extra, np.int64))
            self._origin = np.append(self._origin, np.zeros(extra, np.uint8))
            self._t_ns = np.append(self._t_ns, np.zeros(extra))
            self._held_since_ns = np.append(self._held_since_ns, np.zeros(extra))


def _shift(
    values: npt.NDArray[Number], first: npt.NDArray[np.bool_], before: npt.NDArray[Number]
) -> npt.NDArray[Number]:
    """Each row's predecessor of the same thread; for a thread's first row what is remembered."""
    out = np.roll(values, 1)
    out[first] = before[first]
    return out


def _carry(
    values: npt.NDArray[np.float64], first: npt.NDArray[np.bool_], before: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """NaN rows take the value of the row before them in the same thread, at last the remembered one."""
    filled = np.where(first & np.isnan(values), before, values)
    source = np.maximum.accumulate(np.where(np.isnan(filled), 0, np.arange(len(filled))))
    out: npt.NDArray[np.float64] = filled[source]
    return out
