"""Who held the GIL, against the threads' own CPU clocks: three threads that run Python and nothing else.

Such a thread is on a CPU while it holds the GIL, and hardly ever else.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import tools
from benchmarks.table import Table
from tests.support.interpreters import interpreters
from tests.support.spawn import Target, spawn


def measure(seconds: float) -> Table:
    table = Table(
        "Share of the time in which each of three busy threads holds the GIL: error against thread_time, in points",
        ("target", "tool", "all three together (truth: about 100)", "largest error of a thread"),
    )
    found = interpreters()
    for version in ("3.11", "3.15"):
        with spawn(found[version], "spin", "3") as target:
            _row(table, version, "gilprof", target, lambda pid: _gilprof(pid, seconds))
            if version == "3.11":
                _row(table, version, "py-spy --gil", target, lambda pid: _py_spy(pid, seconds))
    return table


def _row(table: Table, version: str, tool: str, target: Target, watch: Callable[[int], dict[str, float]]) -> None:
    before, began = target.truth(), time.monotonic()
    held = watch(target.pid)
    lasted, after = time.monotonic() - began, target.truth()
    truth = {name: (after[name]["thread_time_s"] - before[name]["thread_time_s"]) / lasted for name in after}
    errors = [100 * abs(held.get(name, 0.0) - truth[name]) for name in truth]
    table.add(
        version, tool, f"{100 * sum(held.values()):.1f} (truth {100 * sum(truth.values()):.1f})", f"{max(errors):.1f}"
    )


def _gilprof(pid: int, seconds: float) -> dict[str, float]:
    run = tools.gilprof(pid, seconds)
    report = json.loads((run.output.parent / "report.json").read_text())
    threads = report["processes"][0]["threads"]
    return {t["name"]: t["seconds"]["held"] / t["alive_s"] for t in threads if t["name"].startswith("spin")}


def _py_spy(pid: int, seconds: float) -> dict[str, float]:
    run = tools.py_spy(pid, seconds, 1000, "--gil", "--threads")
    samples: dict[str, int] = {}
    for line in Path(run.output).read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        name = next((part for part in stack.replace('"', "").split() if part.startswith("spin-")), "?")
        samples[name.rstrip(";")] = samples.get(name.rstrip(";"), 0) + int(count)
    asked = 1000 * round(seconds + tools.WARM_UP_S)
    return {name.split(";")[0]: count / asked for name, count in samples.items()}
