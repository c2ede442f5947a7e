"""What it costs to leave gilprof on: the flight recorder at 200 passes a second."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.table import Table
from benchmarks.tools import WARM_UP_S, cpu_s, resident_mb
from tests.support.interpreters import interpreters
from tests.support.spawn import spawn

TARGETS = (("release_sleep", ()), ("lock_bound", (10,)), ("spin", (10,)), ("mixed_pool", (10,)))
KEEP = ("--no-live", "-r", "200", "--stall", "100ms", "--keep", "60s")


def measure(seconds: float) -> Table:
    """Two targets that are at rest most of the time, and two of busy threads."""
    table = Table("gilprof attach --keep 60s --stall 100ms at 200 Hz", ("target", "share of a core", "memory"))
    for name, arguments in TARGETS:
        with (
            spawn(interpreters()["3.11"], name, *arguments) as target,
            tempfile.TemporaryDirectory() as folder,
            (Path(folder) / "log").open("w") as log,
        ):
            command = [sys.executable, "-m", "gilprof", "attach", str(target.pid), *KEEP]
            command += ["-o", str(Path(folder) / "kept.gilprof")]
            with subprocess.Popen(command, stdout=log, stderr=log) as process:
                time.sleep(2 * WARM_UP_S)
                began, before = time.monotonic(), cpu_s(process.pid)
                time.sleep(seconds)
                share = (cpu_s(process.pid) - before) / (time.monotonic() - began)
                memory_mb = resident_mb(process.pid)
                process.send_signal(signal.SIGINT)
        table.add(" ".join([name, *map(str, arguments)]), f"{share:.3f}", f"{memory_mb:.0f} MB")
    return table
