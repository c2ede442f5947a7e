"""Each example shows what it says: gilprof's sentence on it names the cause."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
SECONDS = 3.0
BOUND = 0.05
"""On a share: other programs may want the CPUs meanwhile (docs/accuracy.md)."""


@contextmanager
def running(name: str, *args: str) -> Iterator[int]:
    """The example's PID, as soon as it says that it runs."""
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), *args]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert process.stderr.readline().startswith("running")
            yield process.pid
        finally:
            process.kill()


def profiled(name: str, *args: str, options: tuple[str, ...] = ()) -> dict[str, Any]:
    """gilprof's report on it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with running(name, *args) as pid:
        command = [sys.executable, "-m", "gilprof", "attach", str(pid), "-d", str(SECONDS), "--json", "-", *options]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def threads(report: dict[str, Any]) -> dict[str, dict[str, float]]:
    """The shares of each Python thread's time, by name."""
    rows = report["processes"][0]["threads"]
    return {
        row["name"]: {state: seconds / row["alive_s"] for state, seconds in row["seconds"].items()}
        for row in rows
        if row["gil"] is not None
    }


def share_blamed_on(report: dict[str, Any], function: str) -> float:
    """Of all waiting, that for a function of the user's own."""
    process = report["processes"][0]
    names = {row["id"]: row["name"] for row in process["functions"]}
    rows = process["blame"]["own"]
    blamed = sum(row["seconds"] for row in rows if row["holder"] is not None and names[row["holder"]] == function)
    return float(blamed / sum(row["seconds"] for row in rows))


def line_of(name: str, text: str) -> int:
    """Where in the example's source."""
    lines = (EXAMPLES / f"{name}.py").read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_convoy() -> None:
    report = profiled("convoy")
    rows = threads(report)
    process = report["processes"][0]
    (hashing,) = (row for row in process["threads"] if row["name"] == "hash")
    assert "count_up (convoy.py:" in report["sentence"]
    assert "returning" in report["sentence"] or "return from calls" in report["sentence"]
    assert hashing["waiting"]["returning"] > 0.9 * hashing["seconds"]["waiting"]
    assert rows["hash"]["waiting"] > 10 * rows["hash"]["held"]
    assert rows["hash"]["held"] < BOUND
    assert rows["hash"]["waiting"] + rows["hash"]["released"] > 1 - BOUND
    assert rows["hash"]["waiting"] > 0.5, "nearly all; the rest grows where hashing has to queue for a CPU"
    assert rows["count"]["released"] < 0.01
    assert share_blamed_on(report, "count_up") > 0.7


def test_numpy_threads() -> None:
    report = profiled("numpy_threads")
    assert report["sentence"].startswith("Not the GIL")
    for name in ("numpy-0", "numpy-1"):
        assert threads(report)[name]["released"] > 1 - BOUND
    assert report["processes"][0]["running_mean"] > 2 * (1 - BOUND)


def test_sum_builtin() -> None:
    report = profiled("sum_threads", "builtin")
    rows = threads(report)
    line = line_of("sum_threads", "sum(values)")
    assert f"sum_builtin (sum_threads.py:{line})" in report["sentence"]
    assert "C code that keeps it" in report["sentence"]
    for name in ("sum-0", "sum-1"):
        assert rows[name]["held"] + rows[name]["held_blocked"] + rows[name]["waiting"] > 1 - BOUND
    assert report["processes"][0]["gils"][0]["held"] > 1 - BOUND
    assert share_blamed_on(report, "sum_builtin") > 1 - BOUND


def test_sum_numpy() -> None:
    report = profiled("sum_threads", "numpy")
    assert report["sentence"].startswith("Not the GIL")
    for name in ("sum-0", "sum-1"):
        assert threads(report)[name]["released"] > 0.85
    assert report["processes"][0]["running_mean"] > 1.7


def test_stalling_service() -> None:
    """While ``rank`` has the GIL each worker is in ``handle`` or ``next_request``; which one is chance."""
    calls = ("--span", "handle", "--span", "next_request")
    report = profiled("stalling_service", options=("--stall", "50ms", *calls))
    process = report["processes"][0]
    names = {row["id"]: row["name"] for row in process["functions"]}
    line = line_of("stalling_service", "sorted(SCORES)")
    ranked = [stall for stall in process["stalls"] if names[stall["function"]] == "rank"]
    assert 1 <= len(ranked) <= SECONDS + 1
    assert all(stall["line"] == line for stall in ranked)
    handled, _ = process["spans"]
    assert 0.010 <= handled["p50_s"] < 0.020
    longest = max(process["spans"], key=lambda span: span["max_s"])
    assert longest["max_s"] > 0.050
    assert names[longest["slowest"][0]["waited_for"][0]["function"]] == "rank"


@pytest.mark.parametrize("name", ["convoy", "numpy_threads", "sum_threads", "stalling_service"])
def test_docs_show_what_is_there(name: str) -> None:
    """Functions, files and lines that docs/examples.md and the docstring quote are those of the file."""
    source = (EXAMPLES / f"{name}.py").read_text()
    pages = ("examples.md", "stalls.md")
    quoted = "".join((ROOT / "docs" / page).read_text() for page in pages) + source.split('"""')[1]
    places = set(re.findall(rf"(\w+) \({name}\.py:(\d+)\)", quoted))
    assert places
    for function, line in places - {("module", "1")}:
        first = line_of(name, f"def {function}(")
        rest = source.splitlines()[first - 1 : int(line)]
        assert rest and not any(text and not text[0].isspace() for text in rest[1:]), (function, line)
