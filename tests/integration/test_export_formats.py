"""A real program's recording in every format that keeps the states: the seconds of all are the report's."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from gilprof.model import STATE_NAMES
from tests.support import time_page
from tests.unit import test_export_chrome, test_export_firefox, test_export_pprof, test_export_speedscope
from tests.unit.test_cli_report import run

PROGRAM = """
import threading, time
end = time.monotonic() + 1
def feed():
    while time.monotonic() < end: sorted(DATA)
def serve():
    while time.monotonic() < end: time.sleep(0.001)
DATA = [number * 7919 % 1000003 for number in range(100_000)]
threads = [threading.Thread(target=feed, name="feeder"), threading.Thread(target=serve, name="server")]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("exports") / "run.gilprof"
    done = run("run", "-o", str(file), "-c", PROGRAM)
    assert done.returncode == 0, done.stderr
    return file


def by_state(recording: Path, ending: str) -> dict[str, float]:
    """Seconds, as the file says them."""
    out = recording.with_name(f"out{ending}")
    done = run("export", str(recording), "-o", str(out))
    assert (done.returncode, done.stderr) == (0, "")
    match ending:
        case ".timeline.html":
            found = time_page.seconds_of(out.read_text())
        case ".pb.gz":
            message = test_export_pprof.read(out.read_bytes())
            found = {key: ns / 1e9 for key, ns in test_export_pprof.nanoseconds(message).items()}
        case ".speedscope.json":
            found = test_export_speedscope.by_state(json.loads(out.read_text()))
        case ".firefox.json":
            found = test_export_firefox.by_state(json.loads(out.read_text()))
        case _:
            found = test_export_chrome.by_state(json.loads(out.read_text())["traceEvents"])
    return {state: sum(value for (_, was), value in found.items() if was == state) for state in STATE_NAMES}


@pytest.mark.parametrize("ending", [".timeline.html", ".pb.gz", ".speedscope.json", ".firefox.json", ".trace.json"])
def test_the_seconds_are_the_reports(recording: Path, ending: str) -> None:
    done = run("report", "--json", str(recording), stdout=subprocess.PIPE)
    (process,) = json.loads(done.stdout)["processes"]
    whole = {state: sum(thread["seconds"][state] for thread in process["threads"]) for state in STATE_NAMES}
    assert whole["held"] > 0
    assert whole["waiting"] > 0
    assert by_state(recording, ending) == pytest.approx(whole, abs=1e-4)
