"""A real program's recording as a flame graph: time, blame and difference have the report's seconds."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gilprof.model import STATE_NAMES
from tests.integration.test_export_formats import recording
from tests.unit.test_cli_report import run
from tests.unit.test_export_flamegraph import Page

__all__ = ["recording"]


def data_of(recording: Path, *options: str) -> dict[str, Any]:
    out = recording.with_name("out.html")
    done = run("export", str(recording), "-o", str(out), "--force", *options)
    assert (done.returncode, done.stderr) == (0, "")
    return Page(out.read_text(encoding="utf-8")).data


def reported(recording: Path, *options: str) -> dict[str, float]:
    """Seconds by state."""
    done = run("report", "--json", str(recording), *options, stdout=subprocess.PIPE)
    (process,) = json.loads(done.stdout)["processes"]
    return {state: sum(thread["seconds"][state] for thread in process["threads"]) for state in STATE_NAMES}


def seconds(columns: dict[str, list[int]]) -> dict[str, float]:
    return {state: sum(column) / 1e9 for state, column in columns.items()}


def test_time_and_blame(recording: Path) -> None:
    data, whole = data_of(recording), reported(recording)
    assert whole["waiting"] > 0
    assert seconds(data["rows"]["ns"]) == pytest.approx(whole, abs=1e-4)
    assert sum(data["pairs"]["ns"]) / 1e9 == pytest.approx(whole["waiting"], abs=1e-4)
    tops = [data["functions"][data["stacks"]["function"][stack]][0] for stack in data["rows"]["stack"]]
    by_holder = {tops[row]: 0.0 for row in data["pairs"]["holder"]}
    for row, ns in zip(data["pairs"]["holder"], data["pairs"]["ns"], strict=True):
        by_holder[tops[row]] += ns / 1e9
    assert max(by_holder, key=by_holder.__getitem__) == "feed"


def test_a_part_beside_the_whole(recording: Path) -> None:
    """The whole, scaled to the part's observed time."""
    data = data_of(recording, "--to", "0.5", "--baseline", str(recording))
    part, whole = reported(recording, "--to", "0.5"), reported(recording)
    assert seconds(data["rows"]["ns"]) == pytest.approx(part, abs=1e-4)
    observed = []
    for options in (["--to", "0.5"], []):
        done = run("report", "--json", str(recording), *options, stdout=subprocess.PIPE)
        observed.append(json.loads(done.stdout)["processes"][0]["observed_s"])
    scaled = {state: value * observed[0] / observed[1] for state, value in whole.items()}
    assert seconds(data["rows"]["before_ns"]) == pytest.approx(scaled, abs=1e-4)


def test_a_recording_beside_itself(recording: Path) -> None:
    rows = data_of(recording, "--baseline", str(recording))["rows"]
    assert rows["ns"] == rows["before_ns"]
