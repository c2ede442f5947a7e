"""Which looks have a garbage collection on top of their stack."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from gilprof.model import NONE, IntPairs, PassArray, PassFlag


class Collections:
    """Follows ``gc.collecting``: the thread that had the GIL when it was first seen set is the collector.

    That is sure if the GIL has not changed hands since the pass before. Else a callback of the collection may
    have given it up already: the collector is the next one that gets it. ``<GC>`` stands on the stack that set
    the collection off; while a finalizer or a callback runs, its own frames are on top. On any other stack, that
    collection is over, and the holder has begun another one.
    """

    def __init__(self, stacks: Callable[[], IntPairs]) -> None:
        """``stacks``: (parent stack id, frame id) of every stack so far."""
        self._stacks = stacks
        self._collecting = False
        self._collector = NONE
        self._stack = NONE
        self._sure = False
        self._switch_number = -1

    def trace(
        self,
        passes: PassArray,
        pass_row: npt.NDArray[np.int64],
        thread: npt.NDArray[np.int32],
        stack: npt.NDArray[np.int32],
    ) -> npt.NDArray[np.bool_]:
        """For each look, whether a collection that its thread set off runs on top of its stack."""
        collecting = (passes["flags"] & PassFlag.COLLECTING) != 0
        out = np.zeros(len(thread), np.bool_)
        starts = np.searchsorted(pass_row, np.arange(len(passes) + 1))
        numbers = passes["switch_number"].astype(np.int64)
        switched = np.diff(numbers, prepend=self._switch_number) != 0
        for row in np.flatnonzero(collecting | np.append(self._collecting, collecting)[:-1]):
            looks = slice(starts[row], starts[row + 1])
            stack_of = dict(zip(thread[looks].tolist(), stack[looks].tolist(), strict=True))
            if not collecting[row]:
                self._collector = NONE
                continue
            holder = int(passes["holder"][row])
            doubtful = bool(switched[row]) and not self._sure and holder >= 0
            if self._collector < 0 or doubtful or self._is_over(stack_of.get(self._collector, NONE)):
                self._collector, self._sure = holder, not switched[row]
                self._stack = stack_of.get(holder, NONE)
            if self._collector >= 0:
                out[looks] = (thread[looks] == self._collector) & (stack[looks] == self._stack)
        if len(passes):
            self._collecting = bool(collecting[-1])
            self._switch_number = int(numbers[-1])
        return out

    def _is_over(self, stack: int) -> bool:
        """Whether the collector has left the stack that set the collection off: a child's id is greater than its
        parent's."""
        parents = self._stacks()
        while max(self._stack, NONE) < stack < len(parents):
            stack = int(parents[stack][0])
        return NONE < stack < self._stack
