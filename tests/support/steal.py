"""CPU time that the machine's host has taken: in a virtual machine, time in which nobody runs and no account grows."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

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


class StealRecord:
    """How much had been stolen by when."""

    def __init__(self) -> None:
        self._t_ns: list[int] = []
        self._stolen_s: list[float] = []
        self.note()

    def note(self) -> None:
        """Read it now."""
        self._t_ns.append(time.monotonic_ns())
        self._stolen_s.append(stolen_s())

    @property
    def total_s(self) -> float:
        """Of all CPUs together, from the first note to the last."""
        return self._stolen_s[-1] - self._stolen_s[0]

    def around_ns(self, begin_ns: npt.NDArray[np.int64], end_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """At most so much was stolen within each of these stretches (CLOCK_MONOTONIC): between the notes around."""
        before = np.searchsorted(self._t_ns, begin_ns, side="right") - 1
        after = np.searchsorted(self._t_ns, end_ns)
        stolen = np.array(self._stolen_s) * 1e9
        out: npt.NDArray[np.float64] = stolen[np.minimum(after, len(stolen) - 1)] - stolen[np.maximum(before, 0)]
        return out


OF_THE_TEST = StealClock()
"""Restarted when a test begins (tests/conftest.py)."""
