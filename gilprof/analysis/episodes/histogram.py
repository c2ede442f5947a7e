"""Lengths of time in bins of equal ratio: counts that merge by addition, and quantiles of a known error."""

from __future__ import annotations

from math import log

import numpy as np
import numpy.typing as npt

from gilprof.facts.arrays import Floats

RELATIVE_ERROR = 0.05
"""A quantile is off by this share of itself at most."""
BELOW = 0
"""The bin of lengths that are too short to be told."""
BINS = 330
"""``BELOW``, then from 1 microsecond to above a year."""
_RATIO = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_LEAST_NS = 1000.0


def bin_of(length_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The bin of each length: the n-th one ends at ``_RATIO`` to the power of n microseconds."""
    bins = np.ceil(np.log(np.maximum(length_ns, _LEAST_NS) / _LEAST_NS) / log(_RATIO))
    out: npt.NDArray[np.int64] = np.clip(bins, 1, BINS - 1).astype(np.int64)
    return out


def length_of(number: int) -> float:
    """Nanoseconds that are at most ``RELATIVE_ERROR`` off every length in the bin."""
    return float(_LEAST_NS * _RATIO**number * (1 - RELATIVE_ERROR))


def quantile_ns(counts: Floats, share: float) -> float | None:
    """The length that ``share`` of the counted do not exceed; None where it lies in ``BELOW``, or without any.

    ``counts``: (``BINS``,).
    """
    total = counts.sum()
    if total <= 0:
        return None
    # Sums of corrected counts carry rounding; a share of them that falls on an edge belongs below it.
    number = int(np.searchsorted(np.cumsum(counts), share * total * (1 - 1e-12)))
    return None if number == BELOW else length_of(min(number, BINS - 1))
