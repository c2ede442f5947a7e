"""How many passes a second each profiler attains, and whether its figures still hold then."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks import tools
from benchmarks.table import Table
from tests.oracle import Oracle
from tests.support.figures import state_figures
from tests.support.interpreters import interpreters
from tests.support.observed import observe
from tests.support.spawn import spawn
from tests.support.timeline import Spans, timeline
from tests.support.watched import NEVER_BLOCKS

RATES_HZ = (1_000, 5_000, 10_000, 20_000, 50_000)
THREADS = 3


def measure(seconds: float) -> Table:
    table = Table(
        f"Passes a second attained, {THREADS} busy threads (in brackets: largest error of a share, in points)",
        ("asked", "gilprof (3.11)", "py-spy --nonblocking --idle (3.11)", "profiling.sampling (3.15)",
         "profiling.sampling --mode gil (3.15)"),
    )  # fmt: skip
    found = interpreters()
    for rate_hz in RATES_HZ:
        ours, error = _gilprof(found["3.11"], seconds, rate_hz)
        with spawn(found["3.11"], "spin", str(THREADS)) as target:
            spy = _py_spy(target.pid, seconds, rate_hz)
        with spawn(found["3.15"], "spin", str(THREADS)) as target:
            wall = tools.sampling(found["3.15"], target.pid, seconds, rate_hz).rate_hz
            gil = tools.sampling(found["3.15"], target.pid, seconds, rate_hz, "gil").rate_hz
        table.add(f"{rate_hz:,}", f"{ours:,.0f} ({error:.1f})", *(f"{rate:,.0f}" for rate in (spy, wall, gil)))
    return table


def _gilprof(python: Path, seconds: float, rate_hz: int) -> tuple[float, float]:
    """Passes a second, and the largest error of a thread's share of a state, against exact tracing."""
    with Oracle() as oracle, spawn(python, "spin", THREADS, oracle=oracle) as target:
        seen = observe(target.pid, seconds, rate_hz)
        lines = {name: timeline(oracle, tid, seen.window[1]) for name, tid in target.tids.items()}
    spans = Spans.of(seen.passes)
    errors = [
        abs(figure.error)
        for name, line in lines.items()
        for figure in state_figures(seen, name, target.tids[name], line.account(spans), NEVER_BLOCKS)
    ]
    return seen.process["sampling"]["rate_hz"], 100 * max(errors)


def _py_spy(pid: int, seconds: float, rate_hz: int) -> float:
    """Every pass has a sample of every thread; it takes as many as it was asked for, however long that lasts."""
    began = time.monotonic()
    run = tools.py_spy(pid, seconds, rate_hz, "--idle")
    lasted = time.monotonic() - began
    samples = sum(int(line.rpartition(" ")[2]) for line in Path(run.output).read_text().splitlines())
    return samples / (THREADS + 1) / lasted
