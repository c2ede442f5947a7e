"""What a screen is asked to show, and what it shows it on."""

from __future__ import annotations

from dataclasses import dataclass

from gilprof.tui.snapshot import WINDOW_S, Range, Snapshot
from gilprof.units import format_seconds


@dataclass(frozen=True, slots=True)
class View:
    """A snapshot, and how somebody looks at it."""

    snapshot: Snapshot
    whole: bool = False
    """Since the start, or the last reset; else the last seconds."""
    behind_s: float | None = None
    """Paused: how old the snapshot is."""
    filter: str = ""
    """Rows must contain it, in upper or lower case."""

    @property
    def part(self) -> Range:
        """The time that the tables are about."""
        return self.snapshot.whole if self.whole else self.snapshot.recent

    @property
    def range_name(self) -> str:
        """``last 10 s``."""
        return "since the start" if self.whole else f"last {format_seconds(WINDOW_S).replace('.0', '')}"

    def matches(self, *texts: str) -> bool:
        """Whether the filter lets a row with these texts through."""
        return any(self.filter.casefold() in text.casefold() for text in texts)
