"""How long people wait: for the help, and from attach to first figures."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks.table import Table
from tests.support.interpreters import interpreters
from tests.support.spawn import spawn

RUNS = 5
WATCHED_S = 0.1


def measure(seconds: float) -> Table:
    """``seconds`` plays no part: these take as long as they take."""
    del seconds
    table = Table("Waiting for gilprof (median)", ("what", "seconds"))
    table.add("gilprof --help", f"{_median_s('--help'):.2f}")
    with spawn(interpreters()["3.11"], "spin", "3") as target:
        attach = _median_s("attach", str(target.pid), "--no-live", "-d", str(WATCHED_S))
    table.add("gilprof attach to the report, less the time watched", f"{attach - WATCHED_S:.2f}")
    return table


def _median_s(*arguments: str) -> float:
    times = []
    for _ in range(RUNS):
        began = time.monotonic()
        subprocess.run([sys.executable, "-m", "gilprof", *arguments], check=True, stdout=subprocess.DEVNULL)
        times.append(time.monotonic() - began)
    return statistics.median(times)
