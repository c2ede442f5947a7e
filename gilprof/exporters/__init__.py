"""Profiles in the formats of other tools: one module a format, and this registry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gilprof.exporters.narrowing import Narrowing
    from gilprof.report.build import Profiled


@dataclass(frozen=True, slots=True)
class Format:
    """A format; the module of its name has ``export``."""

    name: str
    endings: tuple[str, ...]
    for_terminals: bool
    """Whether people may want to see it as it is."""

    def export(self, profile: Profiled, narrowing: Narrowing) -> Iterator[str]:
        """The text of the export, piece by piece."""
        pieces: Iterator[str] = import_module(f"gilprof.exporters.{self.name}").export(profile, narrowing)
        return pieces


FORMATS = (
    Format("flamegraph", (".html",), for_terminals=False),
    Format("collapsed", (".collapsed", ".txt"), for_terminals=True),
)


def by_name(name: str) -> Format:
    """The format called so. Raises KeyError."""
    return {known.name: known for known in FORMATS}[name]


def by_ending(path: str) -> Format | None:
    """The format that a file's ending asks for; None where it asks for none."""
    return next((known for known in FORMATS if path.lower().endswith(known.endings)), None)
