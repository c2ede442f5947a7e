"""Nonsense on the real command line: status 2, and a last line that says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from gilprof.recording.writer import RecordingWriter
from tests.support.command import gilprof
from tests.support.made_up import INFO
from tests.support.scripted import contended_batches

RATES = ["0", "-5", "nan", "inf", "1e3", "1khzz", "", "1000000", "fast", "0x10", "١"]
TIMES = ["0", "-1", "nan", "inf", "5x", "1e3", "", "999999h", "soon"]
NONSENSE = [
    *(["attach", "1", "-r", rate] for rate in RATES),
    *(["attach", "1", "-d", time] for time in TIMES),
    *(["attach", "1", "--delay", time] for time in TIMES if time != "0"),
    *(["attach", "1", "-o", name] for name in ("x.json", "x", "", ".", "x.gilprof.gz")),
    *([verb, pid] for verb in ("attach", "dump", "doctor") for pid in ("0", "-1", "me", "1.5", "0x1", "")),
    *([verb, "1", "2"] for verb in ("attach", "dump", "doctor")),
    *([verb] for verb in ("attach", "dump", "report", "export", "frobnicate", "--frobnicate")),
    *([verb, "1", "--frobnicate"] for verb in ("attach", "dump", "doctor", "report", "export")),
    *(["report", "FILE", "--from", time] for time in TIMES if time != "0"),
    *(["report", "FILE", "--to", time] for time in TIMES),
    ["report", "FILE", "--from", "5", "--to", "4"],
    ["export", "FILE"],
    ["export", "FILE", "-f", "frobnicate"],
    ["export", "FILE", "-o", "x.json"],
    ["export", "FILE", "-o", "x"],
    ["export", "FILE", "-f", "collapsed", "--state", "asleep"],
    ["export", "FILE", "-f", "collapsed", "--from", "5", "--to", "4"],
]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("recording") / "run.gilprof"
    with RecordingWriter(file, INFO) as writer:
        for batch in contended_batches(2):
            writer.write(batch)
    return str(file)


@pytest.mark.parametrize("args", NONSENSE, ids=lambda args: " ".join(args).encode("unicode_escape").decode())
def test_wrong_usage(args: list[str], recording: str, tmp_path: Path) -> None:
    done = gilprof(*(recording if arg == "FILE" else arg for arg in args), cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith(("Error: ", "gilprof: "))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--rate", "--duration", "--delay"])
def test_the_line_shows_what_to_write(option: str) -> None:
    assert "write for example" in gilprof("attach", "1", option, "soon").stderr.splitlines()[-1]
