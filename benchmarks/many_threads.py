"""CPU per pass and thread with many threads, two of them busy."""

from __future__ import annotations

from benchmarks import tools
from benchmarks.table import Table
from tests.support.interpreters import interpreters
from tests.support.spawn import spawn

COUNTS = ((4, 1000), (50, 1000), (200, 100), (1000, 50))
"""Threads, and passes a second that are asked for."""
PEERS_UP_TO = 200


def measure(seconds: float) -> Table:
    table = Table(
        "CPU per pass and thread, two threads busy and the others idle",
        ("threads", "asked", "gilprof", "of a core", "py-spy --nonblocking --idle (3.11)", "profiling.sampling (3.15)"),
    )
    found = interpreters()
    for count, rate_hz in COUNTS:
        with spawn(found["3.11"], "many_threads", str(count), "2") as target:
            ours = tools.gilprof(target.pid, seconds, rate_hz)
            peer = tools.py_spy(target.pid, seconds, rate_hz, "--idle") if count <= PEERS_UP_TO else None
        theirs = None
        if count <= PEERS_UP_TO:
            with spawn(found["3.15"], "many_threads", str(count), "2") as target:
                theirs = tools.sampling(found["3.15"], target.pid, seconds, rate_hz)
        cells = [f"{run.us_per_pass / count:.2f} us" if run else "-" for run in (ours, peer, theirs)]
        table.add(str(count), f"{rate_hz} Hz", cells[0], f"{ours.cpu_share:.3f}", *cells[1:])
    return table
