"""Dataclasses from JSON values that a stranger wrote: every value's type and range is checked."""

from __future__ import annotations

import types
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, ClassVar, Protocol, TypeVar, get_args, get_origin, get_type_hints

from gilprof.recording.format import DamageError

INT32 = range(-(1 << 31), 1 << 31)
INT64 = range(-(1 << 63), 1 << 63)
MAX_FLOAT = 1e300


class _Record(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


_R = TypeVar("_R", bound=_Record)


def records(kind: type[_R], rows: object) -> list[_R]:
    """Records from lists of values in the order of the fields; further values are passed over.

    Raises DamageError.
    """
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise DamageError("it has no rows")
    names = [field.name for field in fields(kind)]
    hints = get_type_hints(kind)
    return [_build(kind, hints, dict(zip(names, row, strict=False))) for row in rows]


def record(kind: type[_R], values: object) -> _R:
    """A record from its values by name; unknown names are passed over, missing ones take their defaults.

    Raises DamageError.
    """
    if not isinstance(values, dict):
        raise DamageError(f"it has no {kind.__name__}")
    return _build(kind, get_type_hints(kind), values)


def _build(kind: type[_R], hints: dict[str, Any], values: dict[str, Any]) -> _R:
    known = {name: checked(hint, values[name]) for name, hint in hints.items() if name in values}
    for field in fields(kind):
        if field.name not in known and field.default is MISSING:
            raise DamageError(f"{field.name} is missing")
    return kind(**known)


def checked(kind: Any, value: object) -> Any:
    """``value`` as a ``kind``: bool, int, float, str, a record, an optional or a tuple of them. Raises DamageError."""
    if isinstance(kind, type) and is_dataclass(kind):
        return record(kind, value)
    if isinstance(kind, types.UnionType):
        return None if value is None else checked(get_args(kind)[0], value)
    if kind is bool and isinstance(value, bool):
        return value
    if kind is int and type(value) is int and value in INT64:
        return value
    if kind is float and isinstance(value, (int, float)) and abs(value) <= MAX_FLOAT:
        return float(value)
    if kind is str and isinstance(value, str):
        return value
    if get_origin(kind) is tuple and isinstance(value, list):
        items = get_args(kind)
        if items[-1] is Ellipsis:
            items = items[:1] * len(value)
        if len(items) == len(value):
            return tuple(checked(item, one) for item, one in zip(items, value, strict=True))
    raise DamageError("one of its values is of the wrong type or out of range")
