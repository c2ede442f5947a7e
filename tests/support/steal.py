"""CPU time that the machine's host has taken: in a virtual machine, time in which nobody runs and no account grows."""

from __future__ import annotations

import os
from pathlib import Path

_STEAL = 8
"""The column of the first line of /proc/stat (proc(5))."""


def stolen_s() -> float:
    """Of all CPUs, since the machine was started."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return int(fields[_STEAL]) / os.sysconf("SC_CLK_TCK")


class StealClock:
    """Seconds stolen since the last ``restart``."""

    def __init__(self) -> None:
        self._from_s = stolen_s()

    def restart(self) -> None:
        """Count from now on."""
        self._from_s = stolen_s()

    def stolen_s(self) -> float:
        """Of all CPUs together."""
        return stolen_s() - self._from_s


OF_THE_TEST = StealClock()
"""Restarted when a test begins (tests/conftest.py)."""
