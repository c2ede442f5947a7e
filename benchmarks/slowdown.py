"""What being watched at 1 kHz costs the target: work done with gilprof beside work done without, in turn."""

from __future__ import annotations

import os
import statistics
import time
from contextlib import nullcontext

from benchmarks import tools
from benchmarks.table import Table
from tests.support.interpreters import interpreters
from tests.support.spawn import Target, spawn

PAIRS = 5


def measure(seconds: float) -> Table:
    table = Table(
        "Work of the target while watched at 1 kHz, as a share of its work alone (after start-up, median of pairs)",
        ("target", "CPUs", "watched by gilprof", "nobody (the noise)"),
    )
    for cpus, wrapper in ((f"{os.cpu_count()}", ()), ("1, the sampler's too", ("taskset", "-c", "0"))):
        with spawn(interpreters()["3.11"], "spin", "3", wrapper=wrapper) as target:
            if wrapper:
                os.sched_setaffinity(0, {0})
            watched = [_ratio(target, seconds, watch=True) for _ in range(PAIRS)]
            noise = [_ratio(target, seconds, watch=False) for _ in range(PAIRS)]
            os.sched_setaffinity(0, range(os.cpu_count() or 1))
        table.add("3 busy threads", cpus, f"{statistics.median(watched):.3f}", f"{statistics.median(noise):.3f}")
    return table


def _ratio(target: Target, seconds: float, watch: bool) -> float:
    alone = _work_rate(target, seconds)
    with tools.attached(target.pid) if watch else nullcontext():
        return _work_rate(target, seconds) / alone


def _work_rate(target: Target, seconds: float) -> float:
    """CPU seconds that the threads, which do nothing but compute, get in a second."""
    before, began = _work(target), time.monotonic()
    time.sleep(seconds)
    return (_work(target) - before) / (time.monotonic() - began)


def _work(target: Target) -> float:
    return sum(row["thread_time_s"] for row in target.truth().values())
