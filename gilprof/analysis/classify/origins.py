"""How a waiting thread came to want the GIL: a walk along each thread's looks, in order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gilprof.analysis.classify.running import carried, shifted
from gilprof.analysis.classify.verdicts import NOT_APPLICABLE
from gilprof.facts.by_thread import by_thread
from gilprof.model import NONE, Origin, State

_NO_LOOK = 255


class Origins:
    """Remembers each thread's last look.

    A wait begins where the look before was no wait, or had another stack: a thread's stack does not change
    unless it has the GIL. Then, by what came before:

    - it stands on an instruction that checks the eval breaker and calls nothing: it was made to drop the GIL;
    - no look before although the profile had begun, or no Python frame: it enters Python;
    - it held the GIL for a switch interval or longer, so that others could ask for the drop (``Holds``): preempted;
    - else it gave the GIL up itself, for a call, and returns.
    """

    def __init__(self) -> None:
        self._first_t_ns: int | None = None
        self._state = np.zeros(0, np.uint8)
        self._stack = np.zeros(0, np.int64)
        self._origin = np.zeros(0, np.uint8)

    def trace(
        self,
        thread: npt.NDArray[np.int32],
        state: npt.NDArray[np.uint8],
        stack: npt.NDArray[np.int32],
        t_ns: npt.NDArray[np.int64],
        eval_check: npt.NDArray[np.bool_],
        held_long: npt.NDArray[np.bool_],
    ) -> npt.NDArray[np.uint8]:
        """The origin of each look, ``NOT_APPLICABLE`` unless it waits. Rows in the order of time."""
        if len(thread) == 0:
            return np.zeros(0, np.uint8)
        self._grow(int(thread.max()) + 1)
        order = by_thread(thread)
        ids, state, stack = thread[order], state[order], stack[order].astype(np.int64)
        t_ns, eval_check, held_long = t_ns[order], eval_check[order], held_long[order]
        first = np.diff(ids, prepend=-1) != 0

        state_before = shifted(state, first, self._state[ids])
        stack_before = shifted(stack, first, self._stack[ids])
        held_before = (state_before == State.HELD) | (state_before == State.HELD_BLOCKED)
        waits = state == State.WAITING
        begins = waits & ((state_before != State.WAITING) | (stack != stack_before))
        if self._first_t_ns is None:
            self._first_t_ns = int(t_ns.min())
        entering = ((state_before == _NO_LOOK) & (t_ns > self._first_t_ns)) | (stack == NONE)
        forced = held_before & held_long
        origin_here = np.select(
            [eval_check, entering, forced],
            [Origin.PREEMPTED, Origin.ENTERING, Origin.PREEMPTED],
            Origin.RETURNING,
        )
        origin = carried(np.where(begins, origin_here, np.nan), first, self._origin[ids].astype(np.float64))

        ends = np.flatnonzero(np.append(first[1:], True))
        last = ids[ends]
        self._state[last], self._stack[last], self._origin[last] = state[ends], stack[ends], origin[ends]
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
