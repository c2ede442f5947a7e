"""CPU per pass at 1 kHz: four threads, 13 frames deep, that all want the GIL."""

from __future__ import annotations

from collections.abc import Collection

from benchmarks import tools
from benchmarks.table import Table
from tests.support.interpreters import interpreters
from tests.support.spawn import spawn

THREADS = "4"


def measure(seconds: float, only: Collection[str] | None = None) -> Table:
    """``only``: these versions of Python; else all that there are."""
    table = Table(
        "CPU per pass at 1 kHz, 4 busy threads (process CPU after start-up, gilprof recording)",
        ("target", "gilprof", "py-spy --nonblocking", "profiling.sampling", "gilprof / py-spy", "gilprof / sampling"),
    )
    for version, python in interpreters().items():
        if only is not None and version not in only:
            continue
        with spawn(python, "spin", THREADS) as target:
            ours = tools.gilprof(target.pid, seconds).us_per_pass
            spy = tools.py_spy(target.pid, seconds).us_per_pass if version < "3.15" else None
            theirs = tools.sampling(python, target.pid, seconds).us_per_pass if version == "3.15" else None
        cells = [f"{us:.0f} us" if us else "-" for us in (ours, spy, theirs)]
        table.add(version, *cells, *(f"{ours / us:.2f}" if us else "-" for us in (spy, theirs)))
    return table
