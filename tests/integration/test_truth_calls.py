"""What a thread was blocked in, where, and what a collection cost: by the targets' own stamps."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from tests.oracle import OracleState
from tests.support.figures import FLOOR, UNKNOWN, bound
from tests.support.interpreters import Interpreter, some_versions
from tests.support.observed import Observation, observe
from tests.support.spawn import TARGETS, spawn
from tests.support.watched import watched

on_some_versions = pytest.mark.parametrize("interpreter", some_versions(), ids=str)
WATCHED_S = 3.0
TURN_S = 0.021
"""Of 20 ms, and a little for waking up."""


@on_some_versions
@pytest.mark.parametrize("length_ms", [2, 200])
def test_bursts(length_ms: int, interpreter: Interpreter) -> None:
    """Sleep and lock take turns of the same length: exact tracing has both as OFF, by turns after the native one."""
    seen = watched(f"bursts {length_ms}", interpreter)
    line, row = seen.lines["burst"], seen.row("burst")
    is_burst = np.diff(line.t_ns) > length_ms * 0.1e6
    is_burst[-1] = True  # under way
    off = np.flatnonzero(line.is_in(OracleState.OFF) & is_burst)
    # The native burst is the one that uses the CPU.
    busy = np.diff(line.cpu_ns)[off] > length_ms * 0.05e6
    since_busy = np.arange(len(off)) - np.maximum.accumulate(np.where(busy, np.arange(len(off)), -1))
    for kind, turn in (("sleep", 1), ("lock", 2)):
        stretch = np.zeros(len(line.t_ns) - 1)
        chosen = off[~busy & (since_busy == turn)]
        stretch[chosen] = np.diff(line.t_ns)[chosen]
        truth_s = seen.spans.amount(line.t_ns, stretch) / 1e9
        assert abs(row["blocked"][kind] - truth_s) < bound(seen.seen) * row["alive_s"], kind


@on_some_versions
def test_each_is_blocked_in_its_call(interpreter: Interpreter) -> None:
    with spawn(interpreter.path, "io_pool") as target:
        seen = observe(target.pid, 1.5)
    for name in target.tids:
        row = seen.thread(name)
        where = name.partition("-")[0]
        assert row["blocked"][where] > (1 - FLOOR) * row["alive_s"], name
        assert row["seconds"]["unknown"] < UNKNOWN * row["alive_s"]


@on_some_versions
def test_a_lock_is_named_by_its_line(interpreter: Interpreter) -> None:
    with spawn(interpreter.path, "lock_bound", 3, 20) as target:
        before = target.truth()
        seen = observe(target.pid, WATCHED_S)
        after = target.truth()
    for name in target.tids:
        row = seen.thread(name)
        own = {kind: after[name][f"{kind}_s"] - before[name][f"{kind}_s"] for kind in ("sleep", "lock")}
        # They take turns before and after the window too, and who gets the lock there is chance; whoever has it at an
        # edge of either is a turn off.
        outside_s = max(sum(own.values()) - row["alive_s"], 0.0)
        asleep_s = row["blocked"]["sleep"]
        edges_s = FLOOR * row["alive_s"] + 4 * TURN_S
        assert own["sleep"] - outside_s - edges_s < asleep_s < own["sleep"] + edges_s
        assert row["blocked"]["sleep"] + row["blocked"]["lock"] > (1 - FLOOR) * row["alive_s"]
    work = seen.function("work")
    assert Path(work["file"]) == TARGETS / "lock_bound.py"
    sleeping = sum(seen.thread(name)["blocked"]["sleep"] for name in target.tids)
    locked = sum(seen.thread(name)["blocked"]["lock"] for name in target.tids)
    assert abs(sleeping - seen.process["observed_s"]) < FLOOR * seen.process["observed_s"] * len(target.tids)
    at_line = sum(line["self"]["blocked"] for line in work["lines"] if line["line"] == target.extra["line"])
    assert abs(at_line - locked) < FLOOR * locked


@on_some_versions
def test_threads_that_python_does_not_know(interpreter: Interpreter) -> None:
    with spawn(interpreter.path, "native_threads", 2, 1) as target:
        seen = observe(target.pid, 2.0)
    assert seen.process["native_threads"] == 3
    rows = {row["tid"]: row for row in seen.process["threads"]}
    for tid in target.extra["sleeping"]:
        assert rows[tid]["gil"] is None
        assert rows[tid]["blocked"]["sleep"] > (1 - FLOOR) * rows[tid]["alive_s"]
    for tid in target.extra["busy"]:
        assert rows[tid]["gil"] is None
        assert rows[tid]["seconds"]["released"] > (1 - FLOOR) * rows[tid]["alive_s"]
    spin = seen.thread("spin")
    assert spin["seconds"]["held"] > (1 - FLOOR) * spin["alive_s"]


@on_some_versions
def test_collections_stand_on_top(interpreter: Interpreter) -> None:
    """``<GC>`` against the stamps of gc.callbacks. From one stamp to the other is the collection, and the wait of the
    second callback if it has to give the GIL up as it begins: then it is on the stack itself. Collections outside the
    window are stamped too."""
    with spawn(interpreter.path, "gc_heavy") as target:
        before, began_s = target.truth()["garbage"], time.monotonic()
        seen = observe(target.pid, 5.0)
        after, ended_s = target.truth()["garbage"], time.monotonic()
    outside_s = ended_s - began_s - seen.window_s
    collections = after["collections"] - before["collections"]
    stamped_s = after["gc_s"] - before["gc_s"]
    assert collections > 10
    collected_s = self_s(seen, "<GC>")
    callback_s = self_s(seen, "make_garbage.<locals>.collection")
    allowed_s = bound(seen) * seen.window_s + longest_collection_s(seen) + seen.process["unobserved_s"]
    assert collected_s > 0.05 * seen.process["observed_s"]
    assert stamped_s - callback_s - outside_s - allowed_s < collected_s < stamped_s + allowed_s


def self_s(seen: Observation, function: str) -> float:
    """Seconds with the function on top, in any state."""
    return float(sum(seen.function(function)["self"].values()))


def longest_collection_s(seen: Observation) -> float:
    """The longest run of passes in a collection: the one under way at an edge has its stamp elsewhere."""
    collecting = np.zeros(len(seen.passes.t_ns) + 2, np.bool_)
    collecting[1 + np.unique(seen.looks.pass_row[seen.looks.gc])] = True
    begins = np.flatnonzero(~collecting[:-1] & collecting[1:])
    ends = np.flatnonzero(collecting[:-1] & ~collecting[1:]) - 1
    return float((seen.passes.t_ns[ends] - seen.passes.t_ns[begins]).max(initial=0)) / 1e9
