"""What of a profile is exported."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from gilprof.model import State


@dataclass(frozen=True, slots=True)
class Narrowing:
    """All of it, unless somebody asks for less."""

    states: Collection[State] = tuple(State)
    thread: str | None = None
    """Name pattern (fnmatch)."""
