"""Facts that have been taken in, with what was derived from them on the way, until they are decided."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from gilprof.analysis.classify.weights import PassWeights
from gilprof.model import LookArray, PassArray


@dataclass(slots=True)
class Pending:
    """Whole passes in the order of time. ``state`` may be ``UNDECIDED``, ``starving`` (has the GIL, was asked to drop
    it, and has no CPU) ``OPEN``; ``cpu_ns`` and ``queued_ns`` are the thread's growth over the pass's weight.
    ``held_long``: by ``Holds``; ``made_to_drop``: so, and another thread has had the GIL since (this one is not the
    last holder) or will get it (the request to drop it stands until then)."""

    passes: PassArray
    weights: PassWeights
    looks: LookArray
    state: npt.NDArray[np.uint8]
    cpu_ns: npt.NDArray[np.float64]
    queued_ns: npt.NDArray[np.float64]
    computed_before: npt.NDArray[np.bool_]
    gil_sought: npt.NDArray[np.bool_]
    held_long: npt.NDArray[np.bool_]
    made_to_drop: npt.NDArray[np.bool_]
    sure: npt.NDArray[np.bool_]
    starving: npt.NDArray[np.uint8]

    @property
    def pass_row(self) -> npt.NDArray[np.int64]:
        """The row of each look's pass."""
        return np.repeat(np.arange(len(self.passes)), self.passes["look_count"])

    def joined(self, later: Pending) -> Pending:
        """This and what came after it."""
        if len(self.passes) == 0:
            return later
        return Pending(
            np.concatenate([self.passes, later.passes]),
            PassWeights.joined([self.weights, later.weights]),
            *(np.concatenate([getattr(self, name), getattr(later, name)]) for name in _LOOK_COLUMNS),
        )

    def split(self, passes: int) -> tuple[Pending, Pending]:
        """The first ``passes`` passes, and the rest."""
        looks = int(self.passes["look_count"][:passes].sum(dtype=np.int64))
        return (
            self._part(slice(passes), slice(looks)),
            self._part(slice(passes, None), slice(looks, None)),
        )

    def _part(self, passes: slice, looks: slice) -> Pending:
        columns = (getattr(self, name)[looks] for name in _LOOK_COLUMNS)
        return Pending(self.passes[passes], self.weights.part(passes), *columns)


_LOOK_COLUMNS = tuple(field.name for field in fields(Pending))[2:]
