"""Two processes in one recording: each is reported on as if it were alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gilprof.api.recorded import Recorded
from gilprof.model import Batch, TargetInfo
from gilprof.recording.reader import Recording
from gilprof.recording.writer import RecordingWriter
from tests.support.command import failure, gilprof
from tests.support.laws import check_laws

CASES = Path(__file__).parents[1] / "tui" / "cases"
ALONE = [CASES / "c-code-keeps-it.gilprof", CASES / "convoy.gilprof"]
"""The GIL is waited for in both. The second one was over before the first one began."""


def opened(path: Path, number: int) -> tuple[TargetInfo, list[Batch]]:
    with Recording.open(path) as recording:
        batches = [replace(batch, process=number) for batch in recording.batches()]
        return recording.info, batches


def in_turns(lines: list[list[Batch]]) -> Iterator[Batch]:
    while any(lines):
        for line in filter(None, lines):
            yield line.pop(0)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both in one file, batch by batch."""
    path = tmp_path_factory.mktemp("both") / "both.gilprof"
    (info, first), (other, second) = (opened(path, number) for number, path in enumerate(ALONE))
    second[0] = replace(second[0], target=other)
    with RecordingWriter(path, info) as writer:
        for batch in in_turns([first, second]):
            writer.write(batch)
    return path


@pytest.fixture(scope="module")
def alone() -> list[dict[str, Any]]:
    """The process in the report on each."""
    return [report(path)["processes"][0] for path in ALONE]


def report(path: Path, *options: str | Path) -> dict[str, Any]:
    out: dict[str, Any] = json.loads(printed("report", path, "--json", *options))
    return out


def printed(*arguments: str | Path) -> str:
    done = gilprof(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_is_as_if_it_were_alone(both: Path, alone: list[dict[str, Any]]) -> None:
    made = report(both)
    check_laws(made)
    assert made["processes"] == [{**process, "id": number} for number, process in enumerate(alone)]


def test_the_sentence_is_of_the_one_that_waits_most(both: Path, alone: list[dict[str, Any]]) -> None:
    first = max(alone, key=lambda process: process["gils"][0]["waiters_mean"])
    made = report(both)
    assert made["sentence"].startswith(f"Of 2 processes, {first['pid']} (")
    assert made["sentence"].endswith(f") waits most for its GIL. {first['sentence']}")
    assert made["answer"] == report(ALONE[alone.index(first)])["answer"]


def test_the_text_has_both(both: Path, alone: list[dict[str, Any]]) -> None:
    text = " ".join(printed("report", both).split())
    for process in alone:
        assert f"Process {process['pid']}, Python {process['python']}: " in text
        assert " ".join(process["sentence"].split()) in text


def test_a_part_of_the_time_is_one_for_both(both: Path, alone: list[dict[str, Any]]) -> None:
    first, second = report(both, "--from", "0.5")["processes"]
    assert first["duration_s"] == pytest.approx(alone[0]["duration_s"] - 0.5, abs=0.01)
    assert second["sampling"]["passes"] == 0


def test_one_of_them(both: Path, alone: list[dict[str, Any]]) -> None:
    chosen = report(both, "--process", str(alone[1]["pid"]))
    assert chosen["processes"] == [{**alone[1], "id": 1}]
    assert chosen["sentence"] == alone[1]["sentence"]


def test_one_that_is_not_there(both: Path, alone: list[dict[str, Any]]) -> None:
    has = f"it has processes {alone[0]['pid']}, {alone[1]['pid']}"
    failure(gilprof("report", both, "--process", "1"), 2, has, "give one of these")


def test_the_timeline_is_of_one(both: Path) -> None:
    failure(gilprof("export", both, "-f", "timeline"), 2, "it shows one process", "choose with --process PID")


@pytest.mark.parametrize("form", ["collapsed", "timeline"])
def test_an_export_of_one(form: str, both: Path, alone: list[dict[str, Any]]) -> None:
    for path, process in zip(ALONE, alone, strict=True):
        assert printed("export", both, "-f", form, "--process", str(process["pid"])) == printed(
            "export", path, "-f", form
        )


def test_the_api_reports_on_both_and_has_the_facts_of_the_first(both: Path, alone: list[dict[str, Any]]) -> None:
    recorded, first = Recorded(both), Recorded(ALONE[0])
    assert [process.pid for process in recorded.report.processes] == [process["pid"] for process in alone]
    assert np.array_equal(recorded.looks, first.looks)
    assert np.array_equal(recorded.passes, first.passes)
    assert recorded.threads == first.threads
