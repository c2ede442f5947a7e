"""Which looks have a garbage collection on top of their stack."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gilprof.model import NONE, PassArray, PassFlag


class Collections:
    """Follows ``gc.collecting``: the thread that had the GIL when it was first seen set is the collector.

    ``<GC>`` stands on the stack that set the collection off; while a finalizer or a callback runs, its own
    frames are on top.
    """

    def __init__(self) -> None:
        self._collecting = False
        self._collector = NONE
        self._stack = NONE

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
        for row in np.flatnonzero(collecting | np.append(self._collecting, collecting)[:-1]):
            looks = slice(starts[row], starts[row + 1])
            if not collecting[row]:
                self._collector = NONE
            elif self._collector < 0:
                self._collector = int(passes["holder"][row])
                found = np.flatnonzero(thread[looks] == self._collector)
                self._stack = int(stack[looks][found[0]]) if len(found) else NONE
            if collecting[row] and self._collector >= 0:
                out[looks] = (thread[looks] == self._collector) & (stack[looks] == self._stack)
        self._collecting = bool(collecting[-1]) if len(collecting) else self._collecting
        return out
