"""Sums of values over equal row numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gilprof.facts.arrays import Floats


def group_sum(rows: npt.NDArray[np.integer], values: Floats, size: int) -> Floats:
    """(size, ...): the sums of ``values``, (n,) or (n, k), over equal ``rows`` (n,)."""
    out = np.zeros((size, *values.shape[1:]))
    columns, sums = (values[:, None], out[:, None]) if values.ndim == 1 else (values, out)
    for column in range(columns.shape[1]):
        sums[:, column] = np.bincount(rows, columns[:, column], minlength=size)
    return out
