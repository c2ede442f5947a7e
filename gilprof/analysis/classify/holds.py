"""Which threads had the GIL for so long that others asked them to drop it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gilprof.analysis.classify.running import carried, shifted
from gilprof.facts.arrays import Bools
from gilprof.facts.by_thread import by_thread


class Holds:
    """Remembers, per thread, whether it had the GIL when that was last known, and since when.

    Whoever wants the GIL asks for it when one thread has kept it for a switch interval (``take_gil`` in
    Python/ceval_gil.c, CPython 3.8 to 3.15).
    """

    def __init__(self, switch_interval_ns: float) -> None:
        self._switch_interval_ns = switch_interval_ns
        self._held = np.zeros(0)
        self._held_long = np.zeros(0)
        self._since_ns = np.zeros(0)

    def trace(
        self,
        thread: npt.NDArray[np.int32],
        holds: Bools,
        known: Bools,
        t_ns: npt.NDArray[np.int64],
        mean_gap_ns: npt.NDArray[np.float64],
    ) -> npt.NDArray[np.bool_]:
        """For each look, whether the thread had the GIL at its last look before this one that is ``known``, and for a
        switch interval or longer. Rows in the order of time; ``mean_gap_ns``: between passes, at that time."""
        if len(thread) == 0:
            return np.zeros(0, np.bool_)
        self._grow(int(thread.max()) + 1)
        order = by_thread(thread)
        ids, holds, known = thread[order], holds[order], known[order]
        at_ns = t_ns[order].astype(np.float64)
        first = np.diff(ids, prepend=-1) != 0

        held = carried(np.where(known, holds, np.nan), first, self._held[ids])
        begins = holds & (shifted(held, first, self._held[ids]) == 0)
        since_ns = carried(np.where(begins, at_ns, np.nan), first, self._since_ns[ids])
        # From a hold's first look to its last one: a gap less than it lasted, on average, and another gap for where
        # looks happen to fall.
        asked_after_ns = np.maximum(self._switch_interval_ns - 2 * mean_gap_ns[order], 0.0)
        asked = holds & (at_ns - since_ns >= asked_after_ns)
        held_long = carried(np.where(known, asked, np.nan), first, self._held_long[ids])
        out = np.empty(len(ids), np.bool_)
        out[order] = shifted(held_long, first, self._held_long[ids]) > 0

        ends = np.flatnonzero(np.append(first[1:], True))
        last = ids[ends]
        self._held[last], self._held_long[last], self._since_ns[last] = held[ends], held_long[ends], since_ns[ends]
        return out

    def forget(self, threads: npt.NDArray[np.int64]) -> None:
        """Other threads will come under these numbers."""
        seen = threads[threads < len(self._held)]
        self._held[seen], self._held_long[seen] = 0.0, 0.0

    def _grow(self, size: int) -> None:
        if size > len(self._held):
            extra = np.zeros(max(size, 2 * len(self._held)) - len(self._held))
            self._held, self._held_long, self._since_ns = (
                np.append(column, extra) for column in (self._held, self._held_long, self._since_ns)
            )
