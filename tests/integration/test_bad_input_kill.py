"""gilprof itself is ended at random moments: the target is unharmed, FILE can be read, at most a second is lost.

``GILPROF_KILL_RUNS=201 python -m pytest -s tests/integration/test_bad_input_kill.py`` makes 201 runs.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from gilprof.recording.reader import Recording
from tests.support.command import command
from tests.support.running import TIMEOUT_S, environment
from tests.support.spawn import Target, spawn

RUNS = int(os.environ.get("GILPROF_KILL_RUNS", "30"))
AT_ONCE = 4
LATEST_S = 1.5
"""Every other run is ended so long after its start at most, and may be beginning still; the rest so long after FILE
has its first passes."""
MAX_LOST_S = 1.0
MAX_LATE_S = 0.5
"""Four at once and the target share the CPUs: the one that is to write may have to wait for one."""
PROGRESS_S = 10.0
SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Killed:
    """What one run has left."""

    status: int
    complaint: str
    passes: int | None
    """In FILE; None where there is none yet."""
    lost_s: float
    """From the last pass in it (or from the beginning of the profile) to the signal."""


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """One for all: whatever a run did to it, the later ones would see."""
    with spawn(Path(sys.executable), "spin", 2) as spinning:
        yield spinning
        assert spinning.stop() == 0
        assert spinning.stderr() == ""


@pytest.mark.parametrize("number", SIGNALS)
def test_ended_at_a_random_moment(target: Target, tmp_path: Path, number: signal.Signals) -> None:
    choose = random.Random(int(number))
    moments = [choose.uniform(0, LATEST_S) for _ in range(RUNS // len(SIGNALS))]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = list(pool.map(lambda n: _ended(target, tmp_path / f"{n}.gilprof", number, moments[n], n % 2 == 1),
                             range(len(moments))))  # fmt: skip
    recorded = [run for run in runs if run.passes]
    begun = [run.lost_s for run in runs if run.passes is not None]
    print(f"\n{number.name}: {len(runs)} runs, {len(begun)} with FILE, {len(recorded)} with passes; "
          f"lost at most {max(begun):.2f} s, median {sorted(begun)[len(begun) // 2]:.2f} s")  # fmt: skip
    assert len(recorded) >= len(runs) // 2
    assert all(run.complaint == "" for run in runs)
    assert max(begun) <= MAX_LOST_S + MAX_LATE_S
    early = {-number} if number == signal.SIGKILL else {0, -number}
    assert {run.status for run in runs} <= early
    if number != signal.SIGKILL:
        assert all(run.status == 0 for run in recorded), "the profile is ended, not the data"
    _assert_unharmed(target)


def _ended(target: Target, file: Path, number: signal.Signals, moment_s: float, has_passes: bool) -> Killed:
    """``moment_s`` after it was started, or after FILE ``has_passes``."""
    watching = command("attach", "-r", "1khz", target.pid, "-o", file)
    with subprocess.Popen(watching, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + TIMEOUT_S
        while has_passes and not _content(file, 0)[0]:
            assert time.monotonic() < deadline, f"{file} has no passes"
            time.sleep(0.02)
        time.sleep(moment_s)
        sent_ns = time.monotonic_ns()
        process.send_signal(number)
        _, complaint = process.communicate(timeout=TIMEOUT_S)
    passes, last_ns = _content(file, sent_ns)
    return Killed(process.returncode, complaint.decode(), passes, (sent_ns - last_ns) / 1e9)


def _content(file: Path, sent_ns: int) -> tuple[int | None, int]:
    """Passes in ``file``, and up to when (CLOCK_MONOTONIC) it knows everything."""
    if not file.exists() or file.stat().st_size == 0:  # killed between making it and its first bytes
        return None, sent_ns
    with closing(Recording.open(file)) as recording:
        passes = [batch.passes for batch in recording.batches() if len(batch.passes)]
        _, begun_ns = recording.info.wall_anchor
        return sum(map(len, passes)), int(passes[-1]["t_ns"][-1]) if passes else begun_ns


def _assert_unharmed(target: Target) -> None:
    """Alive, not stopped, not traced, and every thread of it gets on with its work."""
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{target.pid}/status").read_text().splitlines())
    assert status["TracerPid"].strip() == "0"
    for task in Path(f"/proc/{target.pid}/task").iterdir():
        state = (task / "stat").read_text().rpartition(")")[2].split()[0]
        assert state in "RSD", f"thread {task.name} is in state {state}"
    before = target.truth()
    deadline = time.monotonic() + PROGRESS_S
    while time.monotonic() < deadline:
        now = target.truth()
        if all(now[name]["thread_time_s"] > before[name]["thread_time_s"] for name in before):
            return
        time.sleep(0.01)
    raise AssertionError(f"a thread stands still: {before} and {PROGRESS_S} s later {target.truth()}")
