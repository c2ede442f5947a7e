"""Threads that are many, short, deep, or renamed."""

from __future__ import annotations

import time
from contextlib import closing
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest

from gilprof.analysis.profile import Profile
from gilprof.model import State
from gilprof.report.build import build_report
from gilprof.sources.live import LiveSource
from tests.support.figures import FLOOR, PURE_PYTHON_RELEASED, UNKNOWN, bound
from tests.support.interpreters import Interpreter, some_versions
from tests.support.observed import observe
from tests.support.spawn import TARGETS, spawn

FIRST_FIGURES_S = 5.0
"""2 s on a quiet machine."""
on_some_versions = pytest.mark.parametrize("interpreter", some_versions(), ids=str)
NAMES_LAG_S = 1.2
"""Names are read again once a second."""
LIFE_MS = 5


@on_some_versions
def test_threads_that_live_for_milliseconds(interpreter: Interpreter) -> None:
    with spawn(interpreter.path, "short_threads", LIFE_MS, 2) as target:
        start, before = time.monotonic(), target.truth()
        seen = observe(target.pid, 3.0)
        elapsed_s, after = time.monotonic() - start, target.truth()
    made = sum(after[name]["made"] - before[name]["made"] for name in target.tids)
    short = [row for row in seen.process["threads"] if row["name"] not in {*target.tids, "MainThread"}]
    # Before and after the window each maker made one in LIFE_MS at most.
    outside = len(target.tids) * (1 + (elapsed_s - seen.window_s) * 1000 / LIFE_MS)
    assert made - outside <= sum(max(row["folded"], 1) for row in short) <= made + 2 * len(target.tids)
    # Most have ended before their names can be read; both makers count from 0, so a name is that of two at most.
    named = [row["name"] for row in short if row["name"].startswith("short-")]
    assert 10 < len(named) <= 2 * len(set(named))
    # Before it is in the interpreter's list and after it has left that, a thread begins or ends in C, without the GIL.
    others = {*target.tids.values(), target.pid}
    numbers = [n for n, thread in seen.profile.definitions.threads.items() if thread.tid not in others]
    mine = np.isin(seen.looks.thread, numbers) & seen.looks.python
    weight_ns = np.bincount(seen.looks.state[mine], seen.passes.weight_ns[seen.looks.pass_row[mine]], len(State))
    share = weight_ns / weight_ns.sum()
    assert share[State.HELD] + share[State.WAITING] > 1 - bound(seen)
    assert share[State.UNKNOWN] < UNKNOWN
    assert len(seen.threads("maker-")) == len(target.tids), "no thread goes by the name of the one that made it"


@on_some_versions
def test_many_threads(interpreter: Interpreter) -> None:
    with spawn(interpreter.path, "many_threads", 200, 3) as target:
        seen = observe(target.pid, 3.0)
    assert set(target.tids) <= {row["name"] for row in seen.process["threads"]}
    for row in seen.threads("idle-"):
        assert row["blocked"]["lock"] > (1 - FLOOR) * row["alive_s"]
    spinners = seen.threads("spin-")
    assert len(spinners) == 3
    for row in spinners:
        assert row["seconds"]["held"] + row["seconds"]["waiting"] > (1 - PURE_PYTHON_RELEASED) * row["alive_s"]
    held_s = sum(row["seconds"]["held"] for row in spinners)
    assert held_s > (1 - bound(seen)) * seen.process["observed_s"] - seen.process["gils"][0]["handover"]


@on_some_versions
def test_a_deep_stack_is_seen_to_its_bottom(interpreter: Interpreter) -> None:
    with spawn(interpreter.path, "deep", 200) as target:
        seen = observe(target.pid, 2.0)
    definitions = seen.profile.definitions
    looks = seen.looks_at(target.tids["deep"])
    stacks = np.unique(seen.looks.stack[looks[np.isin(seen.looks.state[looks], [State.HELD, State.WAITING])]])
    source = (TARGETS / "deep.py").read_text().splitlines()
    recursing = 1 + next(i for i, line in enumerate(source) if line.lstrip().startswith("recurse(left - 1"))
    descending = 1 + next(i for i, line in enumerate(source) if line.startswith("    make_steps()("))
    steps, recursions = target.extra["steps"], target.extra["recursions"]
    expected = [("descend", "deep.py", descending)]
    # Two lines and an empty one for each of the functions that are made up at run time.
    expected += [(f"step_{n}", "<steps>", 3 * n + 2) for n in range(steps)]
    expected += repeat(("recurse", "deep.py", recursing), recursions - 1)
    expected += [("recurse", "deep.py", recursing + 2)]
    for stack in stacks:
        frames = [(definitions.functions[function], line) for function, line in definitions.walk(int(stack))][::-1]
        found = [(function.name, Path(function.file).name, line) for function, line in frames]
        inner = found[found.index(expected[0]) :]
        assert inner[:-1] == expected
        assert inner[-1][:2] == ("bottom", "deep.py")
        assert [name for name, *_ in found[: -len(inner)]][-1].endswith("run")
    assert len(stacks) > 0
    assert seen.profile.health.truncated_stacks == 0
    bottom = seen.function("bottom")
    row = seen.thread("deep")
    own_s = sum(bottom["self"].values())
    assert own_s > (1 - FLOOR) * row["alive_s"]
    assert abs(sum(seen.function("recurse")["total"].values()) - own_s) < FLOOR * row["alive_s"]


@on_some_versions
def test_names_are_the_latest(interpreter: Interpreter) -> None:
    with spawn(interpreter.path, "rename") as target:
        seen = observe(target.pid, 2.5)
        ticks = int(target.truth()["ticking"]["ticks"])
    names = {row["tid"]: row["name"] for row in seen.process["threads"]}
    assert names[target.tids["before-0"]] == "after-0"
    assert names[target.tids["before-1"]] == "after-1"
    kind, _, number = names[target.tids["ticking"]].partition("-")
    assert kind == "tick"
    assert ticks - 5 * NAMES_LAG_S - 1 <= int(number) <= ticks


@on_some_versions
def test_threads_that_follow_one_another(interpreter: Interpreter) -> None:
    """A new thread is known although its state lies where that of one that has just ended lay."""
    with spawn(interpreter.path, "successors", 30) as target:
        seen = observe(target.pid, 3.0)
    (gil,) = seen.process["gils"]
    assert gil["torn"] < 0.01
    assert gil["held"] + gil["held_blocked"] > 0.9
    assert seen.process["native_threads"] == 0
    assert seen.process["sampling"]["unclaimed"] == 0


def test_thousands_of_threads() -> None:
    """First figures soon, at a rate that is lowered and told; what was asked for would take a hundred CPUs."""
    count, spinners = 5000, 3
    with spawn(some_versions()[0].path, "many_threads", count, spinners) as target:
        began = time.monotonic()
        with closing(LiveSource.attach(target.pid, 1000.0)) as source:
            profile = Profile(source.info)
            first_s = None
            while time.monotonic() < began + 6.0 and (batch := source.drain()) is not None:
                profile.add(batch)
                if first_s is None and profile.sums().observed_ns > 0:
                    first_s = time.monotonic() - began
                time.sleep(0.05)
        while (batch := source.drain()) is not None:
            profile.add(batch)
        profile.finish()
    (process,) = build_report(profile).processes
    assert first_s is not None and first_s < FIRST_FIGURES_S
    assert process.sampling.limited_hz is not None
    # Half of a CPU is the most; the first pass, which makes everybody's acquaintance, comes on top.
    assert process.sampling.sampler_cpu_s < 0.75 * process.duration_s
    assert process.unobserved_s < 0.4 * process.duration_s
    assert len(process.threads) == count + 1
    held_s = {thread.name: thread.seconds["held"] for thread in process.threads}
    spinning_s = sum(held_s[f"spin-{n}"] for n in range(spinners))
    # Some 25 passes: where CPUs are short, a few of them find the GIL on its way from one spinner to the next.
    assert spinning_s > 0.9 * sum(held_s.values())
    assert spinning_s > 0.5 * process.observed_s
