"""Programs with many, short-lived, deep, renamed and foreign threads, and what becomes of a target that ends."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from gilprof.analysis.profile import Profile
from gilprof.report.build import build_report
from gilprof.report.json import as_json
from gilprof.sources.live import LiveSource
from tests.support.interpreters import Interpreter, variants
from tests.support.laws import check_laws
from tests.support.spawn import Target, spawn

every_interpreter = pytest.mark.parametrize("interpreter", variants(), ids=str)
WATCH_S = 1.5
END_TIMEOUT_S = 10.0
CROWDED_BOUND = 0.05
"""The contract's bound on a share where more threads are runnable than there are CPUs."""


def watch(target: Target, seconds: float = WATCH_S, meanwhile: Callable[[], object] | None = None) -> dict[str, Any]:
    """The process in the report on ``target`` after so long, or at its end; exact laws hold."""
    with closing(LiveSource.attach(target.pid, 1000.0)) as source:
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


def shares(row: dict[str, Any]) -> dict[str, float]:
    return {state: seconds / row["alive_s"] for state, seconds in row["seconds"].items()}


def by_name(process: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in process["threads"]}


@every_interpreter
def test_two_hundred_threads(interpreter: Interpreter) -> None:
    with spawn(interpreter.path, "many_threads", "200", "2") as target:
        process = watch(target)
    rows = by_name(process)
    idle = [row for name, row in rows.items() if name.startswith("idle")]
    assert len(idle) == sum(name.startswith("idle") for name in target.tids)
    assert all(shares(row)["blocked"] > 0.98 for row in idle)
    assert all(row["blocked"]["lock"] == pytest.approx(row["seconds"]["blocked"]) for row in idle)
    busy = [shares(row) for name, row in rows.items() if name.startswith("spin")]
    assert sum(row["held"] for row in busy) > 0.9
    assert all(row["released"] < 0.01 for row in busy)


@every_interpreter
def test_stack_two_hundred_deep(interpreter: Interpreter) -> None:
    with spawn(interpreter.path, "deep", "200") as target:
        process = watch(target, 1.0)
    files = ("deep.py", "<steps>")
    functions = {row["name"]: row for row in process["functions"] if (row["file"] or "").endswith(files)}
    steps = [name for name in functions if name.startswith("step_")]
    assert len(steps) == target.extra["steps"]
    bottom, recurse = functions["bottom"], functions["recurse"]
    alive_s = by_name(process)["deep"]["alive_s"]
    for row in (bottom, recurse, *(functions[name] for name in steps)):
        assert sum(row["total"].values()) == pytest.approx(alive_s), "once a look, recursion or not"
    assert sum(bottom["self"].values()) > 0.99 * alive_s


@every_interpreter
def test_threads_that_live_five_milliseconds(interpreter: Interpreter) -> None:
    with spawn(interpreter.path, "short_threads", "5", "4") as target:
        process = watch(target)
    short = [row for row in process["threads"] if row["name"] not in target.tids and row["name"] != "MainThread"]
    assert sum(max(row["folded"], 1) for row in short) > 20
    assert all(row["seconds"]["unknown"] == 0.0 for row in short)
    own = [row["self"] for row in process["functions"] if (row["file"] or "").endswith("short_threads.py")]
    released_s = sum(states["released"] for states in own)
    assert released_s < CROWDED_BOUND * sum(states["held"] + states["waiting"] for states in own)
    alive_s = sum(row["alive_s"] for row in short)
    unreadable = [row for row in process["functions"] if row["name"] == "<unreadable stack>"]
    assert sum(sum(row["self"].values()) for row in unreadable) < 0.05 * alive_s


@every_interpreter
def test_one_cpu_and_a_hog(interpreter: Interpreter) -> None:
    """Two busy threads share one CPU with a program that wants all of it: held or waiting all the same."""
    with spawn(interpreter.path, "starved", "2", "1", wrapper=("taskset", "-c", "0")) as target:
        process = watch(target, 3.0)
    for name in ("spin-0", "spin-1"):
        row = by_name(process)[name]
        assert shares(row)["released"] < 0.01
        assert shares(row)["held"] + shares(row)["waiting"] > 0.98
        account = (row["cpu_s"] + row["queued_s"]) / row["alive_s"]
        assert shares(row)["held"] <= account + CROWDED_BOUND


@every_interpreter
def test_blocked_on_one_lock_at_a_line(interpreter: Interpreter) -> None:
    with spawn(interpreter.path, "lock_bound", "3", "50") as target:
        process = watch(target)
    (work,) = [row for row in process["functions"] if row["name"] == "work"]
    by_line = {row["line"]: row["self"]["blocked"] for row in work["lines"]}
    workers = [row for row in process["threads"] if row["name"].startswith("worker")]
    locked_s = sum(row["blocked"]["lock"] for row in workers)
    assert by_line[target.extra["line"]] == pytest.approx(locked_s, rel=0.05)
    assert locked_s / sum(row["alive_s"] for row in workers) == pytest.approx(2 / 3, abs=CROWDED_BOUND)


@every_interpreter
def test_threads_that_python_does_not_know(interpreter: Interpreter) -> None:
    with spawn(interpreter.path, "native_threads", "2", "1") as target:
        process = watch(target)
    native = [row for row in process["threads"] if row["gil"] is None]
    assert process["native_threads"] == len(native) == 3
    for row in native:
        assert {state for state, seconds in row["seconds"].items() if seconds} <= {"released", "blocked"}
    assert sorted(shares(row)["released"] > 0.5 for row in native) == [False, False, True]


@every_interpreter
def test_names_as_threading_knows_them(interpreter: Interpreter) -> None:
    with spawn(interpreter.path, "rename") as target:
        process = watch(target)
    assert {name for name in target.tids if name.startswith("after")} <= set(by_name(process))


def test_target_that_is_killed() -> None:
    with spawn(variants()[0].path, "spin", "2") as target:
        process = watch(target, END_TIMEOUT_S, lambda: os.kill(target.pid, signal.SIGKILL))
    assert process["ended"] == "signal 9"


def test_target_that_exits() -> None:
    with spawn(variants()[0].path, "spin", "2") as target:
        process = watch(target, END_TIMEOUT_S, target.stop)
    assert process["ended"] == "exit"


def test_stopped_target_is_not_observed() -> None:
    stopped_s = 0.6

    def stop_and_continue() -> None:
        os.kill(target.pid, signal.SIGSTOP)
        time.sleep(stopped_s)
        os.kill(target.pid, signal.SIGCONT)

    with spawn(variants()[0].path, "spin", "2") as target:
        process = watch(target, WATCH_S, stop_and_continue)
    assert process["stopped_s"] == pytest.approx(stopped_s, abs=0.2)
    assert process["observed_s"] == pytest.approx(process["duration_s"] - process["unobserved_s"], abs=1e-6)
    assert process["gils"][0]["held_blocked"] < 0.02
