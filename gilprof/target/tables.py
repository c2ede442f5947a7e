"""The layout tables in ``layouts/``, generated from each CPython's headers (tools/layouts)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

SUPPORTED: tuple[tuple[int, int], ...] = ((3, 11), (3, 12), (3, 13), (3, 14), (3, 15))
SUPPORTED_TEXT = "supported: 3.11 to 3.15"


@dataclass(frozen=True, slots=True)
class Table:
    """One CPython minor version: what it does not tell itself."""

    machine: str
    """As ``uname -m``."""
    layout: dict[str, int]
    """Fields of ``Layout``."""
    place: dict[str, int]
    """Where the GIL is found, and members that are read once."""
    objects: dict[str, int]
    """Fields of ``ObjectLayout``."""
    opcodes: dict[str, int]
    """Instructions that check the eval breaker."""


@cache
def table(version: tuple[int, int]) -> Table:
    """The table of a supported minor version."""
    name = f"{version[0]}.{version[1]}.json"
    values: dict[str, Any] = json.loads((files("gilprof.target") / "layouts" / name).read_text())
    return Table(values["machine"], values["layout"], values["place"], values["objects"], values["opcodes"])


def load_all() -> None:
    """Read every table now."""
    for version in SUPPORTED:
        table(version)
