"""The live view of a real service for as long as one likes: what grows with time?

``--seconds 3600`` is the hour that the budget of memory is for.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks.service import Load, service
from benchmarks.table import Table
from benchmarks.terminal import in_terminal
from benchmarks.tools import WARM_UP_S, cpu_s, resident_mb

PARTS = 10
LOAD_S = 5
"""wrk is started anew so often, as it has no end of its own."""


def measure(seconds: float) -> Table:
    """Memory and CPU after each tenth of the time."""
    table = Table(
        "gilprof attach --live, recording, on gunicorn with 8 threads and Flask under wrk",
        ("after", "memory", "share of a core", "recording"),
    )
    with service() as (pid, port), tempfile.TemporaryDirectory() as folder, _under_load(port) as check_load:
        recording = Path(folder) / "soak.gilprof"
        command = [sys.executable, "-m", "gilprof", "attach", str(pid), "--live", "-o", str(recording)]
        with in_terminal(command) as (process, _):
            time.sleep(2 * WARM_UP_S)
            for part in range(PARTS):
                began, before = time.monotonic(), cpu_s(process.pid)
                time.sleep(seconds / PARTS)
                check_load()
                share = (cpu_s(process.pid) - before) / (time.monotonic() - began)
                table.add(
                    f"{seconds * (part + 1) / PARTS:.0f} s", f"{resident_mb(process.pid):.0f} MB", f"{share:.3f}",
                    f"{recording.stat().st_size / 1e6:.1f} MB",
                )  # fmt: skip
    return table


@contextmanager
def _under_load(port: int) -> Iterator[Callable[[], None]]:
    """Gives what raises the error that has ended the load before its time."""
    over = threading.Event()

    def press() -> None:
        load = Load(port, LOAD_S)
        while not over.is_set():
            load.run()

    with ThreadPoolExecutor(1) as pool:
        pressing = pool.submit(press)
        try:
            yield lambda: pressing.result() if pressing.done() else None
        finally:
            over.set()
        pressing.result()
