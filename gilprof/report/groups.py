"""Sums by key, in numpy."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from gilprof.analysis.sums import group_sum
from gilprof.facts.arrays import Floats

Key = TypeVar("Key", bound=np.integer)
Ints = npt.NDArray[np.int64]


def grouped(keys: npt.NDArray[Key], values: Floats) -> tuple[npt.NDArray[Key], Floats]:
    """The distinct rows of ``keys`` (n, j), sorted, and the sums of ``values`` (n, k) over each."""
    if len(keys) == 0:
        return keys, values
    order = np.lexsort(keys.T[::-1])
    ordered = keys[order]
    first = np.append(True, (ordered[1:] != ordered[:-1]).any(axis=1))
    group = np.empty(len(keys), np.int64)
    group[order] = np.cumsum(first) - 1
    return ordered[first], group_sum(group, values, int(first.sum()))


def in_seconds(ns: Floats) -> list[list[float]]:
    """Rows of nanoseconds as seconds, to the nanosecond."""
    rows: list[list[float]] = np.round(ns / 1e9, 9).tolist()
    return rows


def seconds(ns: float) -> float:
    """Nanoseconds as seconds, to the nanosecond."""
    return round(float(ns) / 1e9, 9)


def seconds_by(names: tuple[str, ...], ns: Floats) -> dict[str, float]:
    """A row of nanoseconds as seconds by name."""
    return {name: seconds(part) for name, part in zip(names, ns.tolist(), strict=True)}


def ratio(part: float, whole: float) -> float | None:
    """None where there is no whole."""
    return part / whole if whole > 0 else None
