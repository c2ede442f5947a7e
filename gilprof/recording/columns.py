"""Rows stored by change: which rows differ from the one before, and there the value or the difference.

Most of a thread's looks are like the one before, and what does change are low bytes. So a column becomes
one bit a row, and the bytes of the rows that changed, all their first bytes together, then all their second
ones: noise and zeros apart, which is what deflate needs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gilprof.recording.format import COUNTERS, DamageError

Bytes = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.void]


def encode(rows: Rows, names: Sequence[str]) -> tuple[Bytes, Bytes]:
    """(changed, values): bits of each column, uint8 (len(names), ceil(n / 8)); and the bytes behind them.

    The row before the first one is zero.
    """
    changed = np.empty((len(names), -(-len(rows) // 8)), np.uint8)
    values = []
    for i, name in enumerate(names):
        column = np.ascontiguousarray(rows[name]).view(_unsigned(rows, name))
        difference = column.copy()
        difference[1:] -= column[:-1]
        differs = difference != 0
        changed[i] = np.packbits(differs)
        stored = (difference if name in COUNTERS else column)[differs]
        values.append(stored.view(np.uint8).reshape(len(stored), stored.itemsize).T.reshape(-1))
    return changed, np.concatenate(values)


def decode(changed: Bytes, values: Bytes, rows: Rows, names: Sequence[str]) -> None:
    """Fill the columns ``names`` of ``rows`` from what ``encode`` made. Raises DamageError."""
    if changed.shape != (len(names), -(-len(rows) // 8)):
        raise DamageError("the bits of its changes do not fit its rows")
    at = 0
    for bits, name in zip(changed, names, strict=True):
        unsigned = _unsigned(rows, name)
        differs = np.unpackbits(bits, count=len(rows)).astype(np.bool_)
        count = int(np.count_nonzero(differs))
        size = count * unsigned.itemsize
        if at + size > len(values):
            raise DamageError("it has fewer values than changes")
        planes = values[at : at + size].reshape(unsigned.itemsize, count)
        stored = np.ascontiguousarray(planes.T).view(unsigned).reshape(count)
        at += size
        if name in COUNTERS:
            differences = np.zeros(len(rows), unsigned)
            differences[differs] = stored
            column = np.cumsum(differences, dtype=unsigned)
        else:
            column = np.concatenate([np.zeros(1, unsigned), stored])[np.cumsum(differs)]
        rows[name] = column.view(rows.dtype[name])
    if at != len(values):
        raise DamageError("it has more values than changes")


def _unsigned(rows: Rows, name: str) -> np.dtype[np.unsignedinteger]:
    """The unsigned type of the column's size: differences wrap around."""
    return np.dtype(f"<u{rows.dtype[name].itemsize}")
