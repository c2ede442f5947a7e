"""What a check has found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How much a finding matters; the value is the word that people see."""

    OK = "ok"
    NOTE = "note"
    """It can be profiled, and this is to be known."""
    NO = "no"
    """It cannot."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the diagnosis."""

    check: str
    """One or two words: what was looked at."""
    level: Level
    found: str
    verdict: str = ""
    """Of a note: what the verdict says because of it."""
    cost_share: float | None = None
    """Of the trial: gilprof's CPU time as a share of one core, if it attains the rate ``trial.RATE_HZ``."""


Check = Callable[[int], Finding]
"""Looks at a process. What it raises (GilprofError) is in the way: no check behind it is made."""
MachineCheck = Callable[[], Finding]
"""Looks at the machine and at gilprof itself."""
