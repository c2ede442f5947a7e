"""Who waited for whom: by thread, by top function, by own function."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gilprof.analysis.profile_sums import ProfileSums
from gilprof.analysis.sums import HANDOVER, PairSums
from gilprof.facts.arrays import Floats
from gilprof.model import ORIGIN_NAMES
from gilprof.report.functions import NodePlaces
from gilprof.report.groups import Ints, grouped, in_seconds
from gilprof.report.model import Blame, BlameRow

_ORIGINS = len(ORIGIN_NAMES)


def blame(sums: ProfileSums, places: NodePlaces, largest: int | None = None) -> Blame:
    """The three tables; of each only so many of the ``largest`` rows."""
    thread = sums.threads.id[sums.nodes.thread]
    return Blame(
        threads=_rows(sums.pairs, thread, np.zeros_like(thread), largest),
        functions=_rows(sums.pairs, places.top, places.top_line, largest),
        own=_rows(sums.pairs, places.own, places.own_line, largest),
    )


def _rows(pairs: PairSums, who: Ints, line: Ints, largest: int | None) -> tuple[BlameRow, ...]:
    """Rows by ``who`` waited for whom, the most first; ``who`` and ``line`` by node."""
    has_holder = pairs.holder >= 0
    holder, waiter = pairs.holder[has_holder], pairs.waiter
    # Ids and lines fit: there may be a hundred thousand pairs, several times a second.
    keys = np.zeros((len(has_holder), 4), np.int32)
    keys[~has_holder, 0] = pairs.holder[~has_holder]
    keys[has_holder, 0], keys[:, 1] = who[holder], who[waiter]
    keys[has_holder, 2], keys[:, 3] = line[holder], line[waiter]
    values = np.column_stack([pairs.origin_ns, pairs.overdue_ns])
    keys, values = grouped(keys, values)
    lines = _hottest_lines(keys, values)
    keys, values = grouped(keys[:, :2], values)
    waited = values[:, :_ORIGINS].sum(axis=1)
    order = np.argsort(-waited, kind="stable")
    order = order[waited[order] > 0][:largest]
    parts = in_seconds(np.column_stack([values, waited])[order])
    return tuple(map(_row, keys[order].tolist(), lines[order].tolist(), parts))


def _hottest_lines(keys: npt.NDArray[np.int32], values: Floats) -> npt.NDArray[np.int32]:
    """The two lines that most seconds of each pair fell on; ``keys``: sorted, the pair and its lines."""
    if len(keys) == 0:
        return keys[:, 2:]
    first = np.append(True, (keys[1:, :2] != keys[:-1, :2]).any(axis=1))
    pair = np.cumsum(first) - 1
    by_seconds = np.lexsort((-values[:, :_ORIGINS].sum(axis=1), pair))
    best: npt.NDArray[np.int32] = keys[by_seconds[np.flatnonzero(first)], 2:]
    return best


def _row(pair: list[int], lines: list[int], parts: list[float]) -> BlameRow:
    holder, waiter = pair
    *origins, overdue_s, waited_s = parts
    return BlameRow(
        holder=holder if holder >= 0 else None,
        why=None if holder >= 0 else "handover" if holder == HANDOVER else "torn",
        waiter=waiter,
        seconds=waited_s,
        waiting=dict(zip(ORIGIN_NAMES, origins, strict=True)),
        overdue_s=overdue_s,
        holder_line=lines[0] if lines[0] > 0 else None,
        waiter_line=lines[1] if lines[1] > 0 else None,
    )
