"""How early ``gilprof run`` looks: its first pass against the program's first line."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from benchmarks.table import Table
from tests.support.interpreters import interpreters
from tests.support.running import RECORDED, first_pass_ns, run

STARTS = 11
STAMP = "import time; print(time.monotonic_ns())\n"


def measure(seconds: float) -> Table:
    """``seconds`` plays no part: these take as long as they take."""
    del seconds
    table = Table(
        f"gilprof run: from the first pass to the program's first line, of {STARTS} starts",
        ("CPython", "median", "least"),
    )
    for version, python in interpreters().items():
        leads_ms = [_lead_ms(python) for _ in range(STARTS)]
        table.add(version, f"{statistics.median(leads_ms):.1f} ms", f"{min(leads_ms):.1f} ms")
    return table


def _lead_ms(python: Path) -> float:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        done = run(folder, "--python", python, "-c", STAMP + RECORDED)
        return (int(done.stdout) - first_pass_ns(folder)) / 1e6
