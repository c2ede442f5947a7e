"""What a target does while it is watched: it ends, stops, forks, executes another program; or it is watched twice."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from math import sqrt
from typing import Any

import pytest

from gilprof.analysis.profile import Profile
from gilprof.report.build import build_report
from gilprof.report.json import as_json
from gilprof.sources.live import LiveSource
from tests.support.dialogue import dialogue
from tests.support.interpreters import Interpreter, variants
from tests.support.laws import check_laws
from tests.support.spawn import spawn

every_interpreter = pytest.mark.parametrize("interpreter", variants(), ids=str)
WATCH_S = 1.5
END_TIMEOUT_S = 10.0


def watch(
    pid: int, seconds: float = WATCH_S, meanwhile: Callable[[], object] | None = None, rate_hz: float = 1000.0
) -> dict[str, Any]:
    """The process in the report on ``pid`` after so long, or at its end; exact laws hold."""
    with closing(LiveSource.attach(pid, rate_hz)) as source:
        profile = Profile(source.info)
        until = time.monotonic() + seconds
        if meanwhile is not None:
            meanwhile()
        while time.monotonic() < until and (batch := source.drain()) is not None:
            profile.add(batch)
            time.sleep(0.05)
    while (batch := source.drain()) is not None:
        profile.add(batch)
    profile.finish()
    report = as_json(build_report(profile))
    check_laws(report, sigmas=None)
    process: dict[str, Any] = report["processes"][0]
    return process


def test_target_that_is_killed() -> None:
    with spawn(variants()[0].path, "spin", "2") as target:
        process = watch(target.pid, END_TIMEOUT_S, lambda: os.kill(target.pid, signal.SIGKILL))
    assert process["ended"] == "signal 9"


def test_target_that_exits() -> None:
    with spawn(variants()[0].path, "spin", "2") as target:
        process = watch(target.pid, END_TIMEOUT_S, target.stop)
    assert process["ended"] == "exit"


def test_stopped_target_is_not_observed() -> None:
    stopped_s = 0.6

    def stop_and_continue() -> None:
        os.kill(target.pid, signal.SIGSTOP)
        time.sleep(stopped_s)
        os.kill(target.pid, signal.SIGCONT)

    with spawn(variants()[0].path, "spin", "2") as target:
        process = watch(target.pid, WATCH_S, stop_and_continue)
    assert process["stopped_s"] == pytest.approx(stopped_s, abs=0.2)
    assert process["observed_s"] == pytest.approx(process["duration_s"] - process["unobserved_s"], abs=1e-6)
    assert process["gils"][0]["held_blocked"] < 0.02


@every_interpreter
def test_a_target_that_executes_another_program(interpreter: Interpreter) -> None:
    code = "import os, sys\ntell(0)\nhear()\nos.execv(sys.executable, [sys.executable, '-c', 'input()'])\n"
    with dialogue(interpreter.path, code) as target:
        target.hear()
        process = watch(target.pid, END_TIMEOUT_S, target.tell)
        assert process["ended"] == "exec"
        assert target.process.poll() is None, "the program that was executed runs on"


@every_interpreter
def test_a_target_that_forks(interpreter: Interpreter) -> None:
    """The parent is watched on; the child, a copy of a watched process, runs and ends as if nobody had looked."""
    code = """
import os, threading
stop = threading.Event()
threading.Thread(target=stop.wait, name="waiter", daemon=True).start()
tell(0)
hear()
for _ in range(20):
    pid = os.fork()
    if pid == 0:
        worker = threading.Thread(target=sum, args=(range(200_000),))
        worker.start()
        worker.join()
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
tell("forked")
hear()
"""
    with dialogue(interpreter.path, code) as target:
        target.hear()
        said: list[str] = []

        def fork() -> None:
            target.tell()
            said.append(target.hear())

        process = watch(target.pid, WATCH_S, fork)
        assert said == ["forked"]
        assert process["ended"] is None
        assert {row["name"] for row in process["threads"]} == {"MainThread", "waiter"}


def test_a_target_watched_twice_at_once() -> None:
    """Neither watcher disturbs the other, and both see the same."""
    with spawn(variants()[0].path, "hold_sleep", "20", "20") as target, ThreadPoolExecutor(2) as pool:
        first, second = pool.map(watch, [target.pid] * 2, [3.0] * 2)
    one, other = ({row["name"]: row for row in process["threads"]} for process in (first, second))
    for name in target.tids:
        for state, seconds in one[name]["seconds"].items():
            share = seconds / one[name]["alive_s"]
            assert share == pytest.approx(other[name]["seconds"][state] / other[name]["alive_s"], abs=0.02), state


@pytest.mark.parametrize(("rate_hz", "attained"), [(10.0, 0.95), (100.0, 0.95), (1000.0, 0.9), (5000.0, 0.5)])
def test_the_rate_that_was_asked_for(rate_hz: float, attained: float) -> None:
    """Gaps are uniform between a half and one and a half of their mean, 0.29 of it their standard deviation. Passes for
    which there was no CPU in time are missed, never made up for; the more, the shorter the gaps are."""
    with spawn(variants()[0].path, "release_sleep", "20") as target:
        process = watch(target.pid, 3.0, rate_hz=rate_hz)
    passes, expected = process["sampling"]["passes"], rate_hz * process["duration_s"]
    by_chance = 4 * 0.29 * sqrt(expected) + 1
    assert attained * expected - by_chance <= passes <= expected + by_chance
    assert process["sampling"]["rate_hz"] == pytest.approx(passes / process["duration_s"])


@every_interpreter
def test_threads_that_begin_while_it_is_watched(interpreter: Interpreter) -> None:
    """Their states are in the interpreter's list before they know whose they are; a moment later they are known."""
    code = """
import hashlib, threading
def spin():
    while True:
        sum(range(500))
def digest():
    data = bytes(1 << 20)
    while True:
        hashlib.sha256(data).digest()
tell(0)
hear()
for function in (spin, digest):
    threading.Thread(target=function, name=function.__name__, daemon=True).start()
hear()
"""
    with dialogue(interpreter.path, code) as target:
        target.hear()
        process = watch(target.pid, WATCH_S, target.tell)
    rows = {row["name"]: row for row in process["threads"]}
    functions = {row["name"]: row for row in process["functions"]}
    for name in ("spin", "digest"):
        assert rows[name]["gil"] == 0
        total_s = sum(functions[name]["total"].values())
        assert total_s > rows[name]["alive_s"] - 0.1, "its frames are seen but for its first moments"
