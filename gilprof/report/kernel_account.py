"""The states held against what the kernel has accounted: CPU time and time in the run queue."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt

from gilprof.report.model import Thread

TOLERANCE = 0.01
"""Of a thread's time, for what the account lags behind (a tick of the scheduler) and what taking the GIL costs."""
STANDARD_ERRORS = 3
FREQUENT_HZ = 1000.0
"""Switches a second from which on taking and dropping the GIL costs much CPU: that is part of ``waiting``."""


def disagreement(threads: Iterable[Thread], passes: int, switches_hz: float) -> float | None:
    """The share of the Python threads' running time by which their states differ from the kernel's account, beyond
    the sampling error; None: there is no account.

    A thread that has the GIL and is runnable, or runs without it, is on a CPU or in the run queue; and one that is on a
    CPU is in one of these states.
    """
    python = [thread for thread in threads if thread.gil is not None]
    accounted_s = sum(thread.cpu_s + thread.queued_s for thread in python)
    if accounted_s == 0 or passes == 0:
        return None
    error = TOLERANCE + STANDARD_ERRORS * 0.5 / sqrt(passes)
    differs_s = running_s = 0.0
    for thread in python:
        runs_s = thread.seconds["held"] + thread.seconds["released"]
        too_much_s = runs_s - thread.cpu_s - thread.queued_s
        too_little_s = thread.cpu_s - runs_s if switches_hz < FREQUENT_HZ else 0.0
        differs_s += max(max(too_much_s, too_little_s) - error * thread.alive_s, 0.0)
        running_s += max(runs_s, thread.cpu_s)
    return differs_s / running_s if running_s else 0.0
