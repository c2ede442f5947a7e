"""Columns of facts: which ones a file has, and rows stored by change, column by column.

Most of a thread's looks are like the one before, and what does change are low bytes. So a column becomes
one bit a row, and the bytes of the rows that changed, all their first bytes together, then all their second
ones: noise and zeros apart, which is what deflate needs.

A file says which columns it has, of which type, and how each is stored. A column that we do not know is passed over;
one that the file lacks holds ``_MISSING``, or 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from gilprof.model import (
    LOOK_DTYPE,
    PASS_DTYPE,
    SCHEDSTAT_UNREADABLE,
    SYSCALL_UNREADABLE,
    TIMESLICES_UNREADABLE,
    UNREADABLE,
)
from gilprof.recording.format import DamageError

Bytes = npt.NDArray[np.uint8]
Records = npt.NDArray[np.void]

MAX_COLUMNS = 64
"""Of passes, and of looks, in one file."""
_TYPES = frozenset({"|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8"})
_COUNTERS = frozenset({"t_ns", "switch_number", "cpu_ns", "queued_ns", "timeslices"})
"""They mostly grow."""
_MEMBERS = frozenset({"look_count", "thread"})
_OWN = frozenset((PASS_DTYPE.names or ()) + (LOOK_DTYPE.names or ()))
_NOT_STORED = frozenset({"reserved"})
_MISSING: Mapping[str, int] = {
    "holder": UNREADABLE,
    "stack": UNREADABLE,
    "syscall": SYSCALL_UNREADABLE,
    "gil_word": -1,
    "cpu_ns": SCHEDSTAT_UNREADABLE,
    "queued_ns": SCHEDSTAT_UNREADABLE,
    "timeslices": TIMESLICES_UNREADABLE,
}
"""What a column that a file lacks holds; the others 0."""


class Stored(StrEnum):
    """How a column is stored."""

    VALUE = "value"
    """By change, as it is."""
    DIFFERENCE = "difference"
    """By change, as the difference to the row before."""
    MEMBER = "member"
    """As an array of its own."""


_WAYS = frozenset(way.value for way in Stored)


@dataclass(frozen=True, slots=True)
class Column:
    """A column as a file has it; ``dtype``: numpy's name of an integer type."""

    name: str
    dtype: str
    stored: Stored

    @property
    def by_change(self) -> bool:
        """Whether ``encode`` and ``decode`` are for it."""
        return self.stored != Stored.MEMBER

    @property
    def unsigned(self) -> np.dtype[np.unsignedinteger]:
        """The unsigned type of its size: differences wrap around."""
        return np.dtype(f"<u{np.dtype(self.dtype).itemsize}")


@dataclass(frozen=True, slots=True)
class FactColumns:
    """The columns of the facts of a file, in their order."""

    passes: tuple[Column, ...]
    looks: tuple[Column, ...]


def stored_columns(dtype: np.dtype[np.void]) -> tuple[Column, ...]:
    """Those that this gilprof writes of a table of facts."""
    names = [name for name in dtype.names or () if name not in _NOT_STORED]
    return tuple(Column(name, dtype[name].str, _stored(name)) for name in names)


def _stored(name: str) -> Stored:
    if name in _MEMBERS:
        return Stored.MEMBER
    return Stored.DIFFERENCE if name in _COUNTERS else Stored.VALUE


OWN_COLUMNS = FactColumns(stored_columns(PASS_DTYPE), stored_columns(LOOK_DTYPE))


def listed(columns: Iterable[Column]) -> list[list[str]]:
    """As the header lists them."""
    return [[column.name, column.dtype, column.stored] for column in columns]


def read_columns(rows: object, required: Sequence[str]) -> tuple[Column, ...]:
    """The columns that a header lists; in format 1 without how they are stored. Raises DamageError."""
    if not isinstance(rows, list) or not 0 < len(rows) <= MAX_COLUMNS:
        raise DamageError("it has no list of columns")
    columns = []
    for row in rows:
        if not isinstance(row, list) or not len(row) >= 2 or not all(isinstance(item, str) for item in row):
            raise DamageError("one of its columns makes no sense")
        name, dtype = row[:2]
        stored = row[2] if len(row) > 2 else _stored(name)
        otherwise = name in _OWN and (stored == Stored.MEMBER) != (name in _MEMBERS)
        if dtype not in _TYPES or stored not in _WAYS or otherwise:
            raise DamageError(f"its column {name} is of a type, or stored in a way, that this gilprof does not read")
        columns.append(Column(name, dtype, Stored(stored)))
    names = [column.name for column in columns]
    if len(set(names)) < len(names) or not set(required) <= set(names):
        raise DamageError("its columns are not those of facts")
    return tuple(columns)


def blank(count: int, dtype: np.dtype[np.void], columns: Iterable[Column]) -> Records:
    """(``count``,) rows for what ``columns`` hold; what they lack is marked as missing."""
    rows = np.zeros(count, dtype)
    there = {column.name for column in columns}
    for name, value in _MISSING.items():
        if name in (dtype.names or ()) and name not in there:
            rows[name] = value
    return rows


def encode(rows: Records, columns: Iterable[Column]) -> tuple[Bytes, Bytes]:
    """(changed, values) of the columns stored by change: their bits, uint8 (columns, ceil(n / 8)); and the bytes
    behind them.

    The row before the first one is zero.
    """
    bits, values = [], [np.zeros(0, np.uint8)]
    for each in columns:
        if not each.by_change:
            continue
        column = np.ascontiguousarray(rows[each.name]).view(each.unsigned)
        difference = column.copy()
        difference[1:] -= column[:-1]
        differs = difference != 0
        bits.append(np.packbits(differs))
        kept = (difference if each.stored == Stored.DIFFERENCE else column)[differs]
        values.append(kept.view(np.uint8).reshape(len(kept), kept.itemsize).T.reshape(-1))
    return np.stack(bits), np.concatenate(values)


def decode(changed: Bytes, values: Bytes, rows: Records, columns: Iterable[Column]) -> None:
    """Fill ``rows`` from what ``encode`` made of ``columns``; those that ``rows`` lack are passed over.

    Raises DamageError.
    """
    by_change = [column for column in columns if column.by_change]
    if changed.shape != (len(by_change), -(-len(rows) // 8)):
        raise DamageError("the bits of its changes do not fit its rows")
    at = 0
    for bits, each in zip(changed, by_change, strict=True):
        differs = np.unpackbits(bits, count=len(rows)).astype(np.bool_)
        count = int(np.count_nonzero(differs))
        size = count * each.unsigned.itemsize
        if at + size > len(values):
            raise DamageError("it has fewer values than changes")
        if each.name in (rows.dtype.names or ()):
            planes = values[at : at + size].reshape(each.unsigned.itemsize, count)
            kept = np.ascontiguousarray(planes.T).view(each.unsigned).reshape(count)
            rows[each.name] = _fitting(_restored(kept, differs, each), rows.dtype[each.name], each.name)
        at += size
    if at != len(values):
        raise DamageError("it has more values than changes")


def _restored(
    kept: npt.NDArray[np.unsignedinteger], differs: npt.NDArray[np.bool_], column: Column
) -> npt.NDArray[np.integer]:
    """All rows of a column, from those that changed."""
    if column.stored == Stored.DIFFERENCE:
        differences = np.zeros(len(differs), column.unsigned)
        differences[differs] = kept
        return np.cumsum(differences, dtype=column.unsigned).view(column.dtype)
    return np.concatenate([np.zeros(1, column.unsigned), kept])[np.cumsum(differs)].view(column.dtype)


def _fitting(values: npt.NDArray[np.integer], dtype: np.dtype[np.integer], name: str) -> npt.NDArray[np.integer]:
    """``values`` of a column that a file has in another type than we do. Raises DamageError where one is out of
    range."""
    if values.dtype != dtype and len(values):
        limits = np.iinfo(dtype)
        if int(values.min()) < limits.min or int(values.max()) > limits.max:
            raise DamageError(f"a value of its column {name} is out of range")
    return values
