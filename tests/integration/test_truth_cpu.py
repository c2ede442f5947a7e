"""A CPU that others want too: who has the GIL and is queued for the CPU is ``held`` all the same."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.oracle import Oracle
from tests.support.figures import CROWDED_FLOOR, FLOOR, PURE_PYTHON_RELEASED, UNKNOWN, state_figures
from tests.support.interpreters import Interpreter, some_versions
from tests.support.observed import observe
from tests.support.spawn import spawn
from tests.support.timeline import Spans, timeline
from tests.support.watched import NEVER_BLOCKS

on_some_versions = pytest.mark.parametrize("interpreter", some_versions(), ids=str)
CPUS = sorted(os.sched_getaffinity(0))


@contextmanager
def on_cpu(cpu: int) -> Iterator[None]:
    """This thread, and those that it starts, on one CPU only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@on_some_versions
@pytest.mark.parametrize("sampler_cpu", CPUS[:2], ids=["on the same CPU", "elsewhere"][: len(CPUS)])
def test_starved_threads(sampler_cpu: int, interpreter: Interpreter) -> None:
    pinned = ("taskset", "-c", str(CPUS[0]))
    with (
        Oracle() as oracle,
        spawn(interpreter.path, "starved", 2, 1, oracle=oracle, wrapper=pinned) as target,
    ):
        with on_cpu(sampler_cpu):
            seen = observe(target.pid, 5.0)
        lines = {name: timeline(oracle, tid, seen.window[1]) for name, tid in target.tids.items()}
    spans = Spans.of(seen.passes)
    for name, line in lines.items():
        row = seen.thread(name)
        for figure in state_figures(seen, name, target.tids[name], line.account(spans), NEVER_BLOCKS):
            figure.check()
        assert row["seconds"]["released"] < PURE_PYTHON_RELEASED * row["alive_s"]
        assert row["seconds"]["unknown"] < UNKNOWN * row["alive_s"]
    rows = [seen.thread(name) for name in target.tids]
    held_s = sum(row["seconds"]["held"] for row in rows)
    cpu_s = sum(row["cpu_s"] for row in rows)
    queued_s = sum(row["queued_s"] for row in rows)
    # Python code that has no CPU to obey with is not overdue.
    assert seen.function("spin")["overdue_s"] < FLOOR * seen.process["observed_s"] + seen.stolen_s
    # With a hog on their CPU they cannot get all of it; the GIL is held all the same.
    assert cpu_s < 0.8 * seen.process["observed_s"]
    assert held_s <= cpu_s + queued_s + CROWDED_FLOOR * seen.process["observed_s"] + seen.stolen_s
