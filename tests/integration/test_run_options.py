"""``gilprof run``: --delay, -d, -o, --json, -q, -v."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.laws import check_laws
from tests.support.running import RECORDED, recorded, recording_in, run, running, unwrapped

WORK = "import time; end = time.monotonic() + 0.5\nwhile time.monotonic() < end: pass\n"
NOTE = "gilprof: recorded in "


def test_report_at_the_end(tmp_path: Path) -> None:
    done = run(tmp_path, "-c", WORK)
    told = unwrapped(done.stderr.decode())
    assert "Threads: " in told
    assert "ended: exit" in told
    assert NOTE in told


def test_duration_ends_the_profile_and_not_the_program(tmp_path: Path) -> None:
    """The recording is complete then; the report waits for the program."""
    code = """
import time
def late():
    end = time.monotonic() + 0.3
    while time.monotonic() < end: pass
print("ready", flush=True)
print(input(), flush=True)
late()
raise SystemExit(8)
"""
    with running(tmp_path, "-d", "0.3", "-c", RECORDED + code) as program:
        assert program.hear() == "ready"
        program.await_closed_recording()
        before = recording_in(tmp_path).read_bytes()
        program.tell("still here")
        assert program.hear() == "still here"
        status, told = program.end()
    assert status == 8
    assert "Threads: " in told
    assert recording_in(tmp_path).read_bytes() == before
    made = recorded(tmp_path)
    assert made.ended is None
    assert made.duration_s > 0.25
    assert "late" not in {row.name for row in made.functions}


def test_delay(tmp_path: Path) -> None:
    """What runs before is in no profile."""
    code = (
        """
import time
def early():
    end = time.monotonic() + 0.3
    while time.monotonic() < end: pass
early()
"""
        + RECORDED
    )
    run(tmp_path, "--delay", "1", "-c", code)
    assert recorded(tmp_path).functions
    assert "early" not in {row.name for row in recorded(tmp_path).functions}


def test_over_before_the_delay(tmp_path: Path) -> None:
    done = run(tmp_path, "--delay", "1m", "-c", "raise SystemExit(4)")
    assert done.returncode == 4
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("gilprof: no profile: ")
    assert list(tmp_path.iterdir()) == []


def test_rate(tmp_path: Path) -> None:
    run(tmp_path, "-r", "100", "-c", RECORDED)
    assert recorded(tmp_path).sampling.asked_hz == 100


def test_json_beside_the_text(tmp_path: Path) -> None:
    done = run(tmp_path, "--json", "report.json", "-c", WORK)
    report = json.loads((tmp_path / "report.json").read_text())
    check_laws(report)
    assert unwrapped(report["sentence"]) in unwrapped(done.stderr.decode())


def test_json_instead_of_the_text(tmp_path: Path) -> None:
    """On standard error: standard output is the program's."""
    done = run(tmp_path, "-q", "--json", "-", "-c", "print('mine')\n" + WORK)
    assert done.stdout == b"mine\n"
    check_laws(json.loads(done.stderr))


@pytest.mark.parametrize(("file", "beginning"), [("x.html", "<!doctype html>"), ("x.collapsed", "")])
def test_an_export_at_once(file: str, beginning: str, tmp_path: Path) -> None:
    done = run(tmp_path, "-o", file, "-c", "def busy():\n " + WORK.replace("\n", "\n ") + "\nbusy()")
    assert done.returncode == 0
    assert NOTE not in done.stderr.decode()
    assert [path.name for path in tmp_path.iterdir()] == [file]
    text = (tmp_path / file).read_text()
    assert text.lower().startswith(beginning)
    assert "busy" in text


@pytest.mark.parametrize("file", ["x.gilprof", "x.html"])
def test_an_existing_file_is_refused_before_the_program_starts(file: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text("mine")
    refused = run(tmp_path, "-o", file, "-c", "print('started')")
    assert (refused.returncode, refused.stdout) == (1, b"")
    assert len(refused.stderr.splitlines()) == 1
    assert (tmp_path / file).read_text() == "mine"
    forced = run(tmp_path, "-o", file, "--force", "-c", "print('started')\n" + WORK)
    assert (forced.returncode, forced.stdout) == (0, b"started\n")
    assert (tmp_path / file).read_bytes() != b"mine"


@pytest.mark.parametrize("words", ["-o x.json", "-o missing/x.gilprof", "--json missing/x.json", "-o ."])
def test_what_cannot_be_written_is_refused_before_the_program_starts(words: str, tmp_path: Path) -> None:
    refused = run(tmp_path, *words.split(), "-c", "print('started')")
    assert refused.returncode in (1, 2)
    assert refused.stdout == b""
    assert refused.stderr.startswith(b"gilprof: writing ")
    assert len(refused.stderr.splitlines()) == 1


def test_quiet_and_verbose(tmp_path: Path) -> None:
    quiet = run(tmp_path, "-q", "-c", RECORDED)
    verbose = run(tmp_path, "-v", "-o", "verbose.gilprof", "-c", WORK)
    assert b"gilprof: " not in quiet.stderr
    assert b"Threads: " in quiet.stderr
    assert b"gilprof: watching process " in verbose.stderr
