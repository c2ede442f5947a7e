"""What the live view costs: the CPU of ``gilprof attach`` with it and without it, on the same target."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.table import Table
from benchmarks.terminal import in_terminal
from benchmarks.tools import WARM_UP_S, cpu_s, resident_mb
from tests.support.interpreters import interpreters
from tests.support.spawn import spawn

TARGETS = (("many_functions", (50, 10)), ("spin", (4,)))
SCREENS = {"all tables": b"", "worst episodes": b"4", "flame graph": b"5"}


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run, once it is under way."""

    share: float
    """Of a core."""
    first_mb: float
    last_mb: float
    rate_hz: float
    """Passes a second."""


def measure(seconds: float) -> Table:
    """Each screen on each target; a large program and a small one."""
    table = Table(
        "The live view at 4 updates a second, 200x60 (share of a core, gilprof attach at 1 kHz)",
        ("target", "screen", "without", "with", "the view", "passes/s without", "with", "memory first", "last"),
    )
    python = interpreters()["3.11"]
    for name, arguments in TARGETS:
        with spawn(python, name, *arguments) as target:
            without = _cost(target.pid, seconds, "--no-live", b"")
            for screen, keys in SCREENS.items():
                live = _cost(target.pid, seconds, "--live", keys)
                table.add(
                    " ".join([name, *map(str, arguments)]), screen,
                    f"{without.share:.3f}", f"{live.share:.3f}", f"{live.share - without.share:.3f}",
                    f"{without.rate_hz:.0f}", f"{live.rate_hz:.0f}",
                    f"{live.first_mb:.0f} MB", f"{live.last_mb:.0f} MB",
                )  # fmt: skip
    return table


def _cost(pid: int, seconds: float, option: str, keys: bytes) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "gilprof", "attach", str(pid), option, "--json", str(report)]
        with in_terminal(command) as (process, press):
            time.sleep(2 * WARM_UP_S)
            press(keys)
            time.sleep(WARM_UP_S)
            began, before, first_mb = time.monotonic(), cpu_s(process.pid), resident_mb(process.pid)
            time.sleep(seconds)
            share = (cpu_s(process.pid) - before) / (time.monotonic() - began)
            last_mb = resident_mb(process.pid)
        rate_hz = json.loads(report.read_text())["processes"][0]["sampling"]["rate_hz"]
    return Cost(share, first_mb, last_mb, rate_hz)
