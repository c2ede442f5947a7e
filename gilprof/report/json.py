"""A report as JSON: the keys in the order of ``gilprof.report.model``, never NaN."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from gilprof.report.model import BlameRow

_OF_NULL_HOLDERS = "why"


def as_json(value: object) -> Any:
    """``value`` (a report or a part of one) as JSON values."""
    if is_dataclass(value):
        keys = [field.name for field in fields(value)]
        if isinstance(value, BlameRow) and value.holder is not None:
            keys.remove(_OF_NULL_HOLDERS)
        return {key: as_json(getattr(value, key)) for key in keys}
    if isinstance(value, Mapping):
        return {key: as_json(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [as_json(part) for part in value]
    return value


def dumps(value: object) -> str:
    """``value`` as one line of JSON in ASCII."""
    return json.dumps(as_json(value), allow_nan=False) + "\n"
