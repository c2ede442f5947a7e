"""``gilprof run`` begins to look before the program's first line runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from gilprof.recording.reader import Recording
from tests.support.interpreters import interpreters
from tests.support.running import RECORDED, first_pass_ns, recorded, recording_in, run

STAMP = "import time; print(time.monotonic_ns())\n"
TRIES = 5
"""Of which the best counts: gilprof and the interpreter race, and whatever else runs may hold either up."""


@pytest.mark.parametrize("python", interpreters().values(), ids=interpreters().keys())
def test_before_the_first_line(python: Path, tmp_path: Path) -> None:
    leads_ns = []
    for number in range(TRIES):
        folder = tmp_path / str(number)
        folder.mkdir()
        done = run(folder, "--python", python, "-c", STAMP + RECORDED)
        leads_ns.append(int(done.stdout) - first_pass_ns(folder))
        with Recording.open(recording_in(folder)) as recording:
            assert Path(recording.info.stdlib[0], "threading.py").exists(), "imported after the first pass"
    assert max(leads_ns) > 0


def test_threads_of_the_first_moment_are_seen_under_their_names(tmp_path: Path) -> None:
    code = """
import threading
go = threading.Event()
threads = [threading.Thread(target=go.wait, name=f"early-{n}") for n in range(3)]
for thread in threads: thread.start()
"""
    end = "\ngo.set()\nfor thread in threads: thread.join()"
    run(tmp_path, "-c", code + RECORDED + end)
    assert {row.name for row in recorded(tmp_path).threads} >= {"MainThread", "early-0", "early-1", "early-2"}
