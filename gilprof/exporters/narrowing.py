"""What of a profile is exported."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase

from gilprof.model import State


@dataclass(frozen=True, slots=True)
class Narrowing:
    """All of it, unless somebody asks for less."""

    states: Collection[State] = tuple(State)
    thread: str | None = None
    """Name pattern (fnmatch)."""
    joined: bool = False
    """Threads have their process's PID in front of their own names (``gilprof.exporters.joined``)."""

    def wants(self, name: str) -> bool:
        """Whether the thread of this name was asked for."""
        return self.thread is None or fnmatchcase(name.partition(" ")[2] if self.joined else name, self.thread)
