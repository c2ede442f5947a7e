"""The kernel and the machine under gilprof."""

from __future__ import annotations

import os

from gilprof.doctor.finding import Finding, Level
from gilprof.errors import NotReadable

MACHINE = "x86_64"
"""The only one that gilprof is built and tested for."""


def kernel() -> Finding:
    """Raises NotReadable on a machine that gilprof does not know."""
    system = os.uname()
    if system.sysname != "Linux" or system.machine != MACHINE:
        raise NotReadable(
            "looking at this machine",
            f"it is {system.sysname} on {system.machine}",
            f"gilprof needs Linux on {MACHINE}",
        )
    count = len(os.sched_getaffinity(0))
    cpus = "1 CPU" if count == 1 else f"{count} CPUs"
    return Finding("kernel", Level.OK, f"{system.sysname} {system.release}, {system.machine}, {cpus} for gilprof")
