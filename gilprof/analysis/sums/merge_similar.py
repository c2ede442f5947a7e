"""Rows that are merged where there are too many: of the small ones those that lie together when sorted by likeness."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gilprof.facts.arrays import Rows


def merge_similar(size: npt.NDArray[np.float64], likeness: Rows, apart: int, keep: int) -> Rows:
    """(R,) the row that each row becomes part of, itself for those that stay: ``keep`` at most.

    ``size`` (R,): the largest half of ``keep`` stay what they are. ``likeness`` (R, K): what rows may have in common,
    the most important first. Small rows that differ in the first ``apart`` of that are not merged with each other,
    unless there are too many of those kinds. The largest row of those merged is the one that stays.
    """
    rows = np.arange(len(size))
    if len(size) <= keep:
        return rows
    small = np.argsort(-size, kind="stable")[keep // 2 :]
    small = small[np.lexsort(likeness[small].T[::-1])]
    kinds = likeness[small, :apart]
    begins = np.append(True, (kinds[1:] != kinds[:-1]).any(axis=1))
    if begins.sum() > keep // 4:
        begins[1:] = False
    # Runs of the same size each, but where they may not go on.
    middle = np.cumsum(size[small]) - size[small] / 2
    share = np.floor(middle / max(float(size[small].sum()), 1.0) * (keep // 4))
    begins[1:] |= share[1:] != share[:-1]
    run = np.cumsum(begins) - 1
    largest_size = np.maximum.reduceat(size[small], np.flatnonzero(begins))
    largest = np.flatnonzero(size[small] == largest_size[run])
    stays = small[largest[np.searchsorted(run[largest], np.arange(len(largest_size)))]]
    out = rows.copy()
    out[small] = stays[run]
    return out
