"""Columns of looks that are sorted by thread, then by time: what each thread's look before had.

``first`` marks each thread's first row; ``remembered`` has a row per look, with what the thread had before these.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from gilprof.facts.arrays import Bools, Floats

Number = TypeVar("Number", bound=np.generic)


def shifted(values: npt.NDArray[Number], first: Bools, remembered: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """Each row's predecessor of the same thread; for a thread's first row what is remembered."""
    out = np.roll(values, 1)
    out[first] = remembered[first]
    return out


def carried(values: Floats, first: Bools, remembered: Floats) -> Floats:
    """NaN rows take the value of the row before them in the same thread, at last the remembered one."""
    filled = np.where(first & np.isnan(values), remembered, values)
    source = np.maximum.accumulate(np.where(np.isnan(filled), 0, np.arange(len(filled))))
    out: Floats = filled[source]
    return out


def running_sum(values: Floats, first: Bools, remembered: Floats) -> Floats:
    """The sum of each thread's rows so far, on top of what is remembered."""
    if len(values) == 0:
        return values
    sums = np.cumsum(values)
    starts = np.flatnonzero(first)
    before = remembered[starts] - (sums[starts] - values[starts])
    out: Floats = sums + before[np.cumsum(first) - 1]
    return out


def running_max(values: npt.NDArray[Number], first: Bools) -> npt.NDArray[Number]:
    """The largest of each thread's rows so far; none is below 0. Made for columns that are 0 but for a few threads."""
    out = values.copy()
    bounds = np.append(np.flatnonzero(first), len(values))
    for segment in np.unique(np.searchsorted(bounds, np.flatnonzero(values), side="right")):
        rows = slice(bounds[segment - 1], bounds[segment])
        out[rows] = np.maximum.accumulate(values[rows])
    return out
