"""Threads that were woken and stand in the queue for a CPU: they sleep no more."""

from __future__ import annotations

import os
from math import sqrt

import pytest

from tests.oracle import Oracle
from tests.support.figures import FLOOR, SIGMAS
from tests.support.interpreters import some_versions
from tests.support.observed import observe
from tests.support.spawn import spawn
from tests.support.timeline import Spans, timeline

CPUS = sorted(os.sched_getaffinity(0))
THREADS = 6
SECONDS = 5.0


@pytest.mark.parametrize("rate_hz", [50.0, 200.0, 1000.0])
@pytest.mark.parametrize("cpus", [1, 2][: len(CPUS)], ids=["one CPU", "two CPUs"][: len(CPUS)])
def test_a_thread_in_the_queue_is_not_blocked(cpus: int, rate_hz: float) -> None:
    pinned = ("taskset", "-c", ",".join(map(str, CPUS[:cpus])))
    arguments = (THREADS, cpus + 1)
    with (
        Oracle() as oracle,
        spawn(some_versions()[0].path, "woken", *arguments, oracle=oracle, wrapper=pinned) as target,
    ):
        seen = observe(target.pid, SECONDS, rate_hz)
        lines = [timeline(oracle, tid, seen.window[1]) for tid in target.tids.values()]
    rows = [seen.thread(name) for name in target.tids]
    alive_s = sum(row["alive_s"] for row in rows)
    blocked = sum(row["seconds"]["blocked"] for row in rows) / alive_s
    off_the_cpu = 1 - sum(row["cpu_s"] + row["queued_s"] for row in rows) / alive_s
    spans = Spans.of(seen.passes)
    accounts = [line.account(spans) for line in lines]
    waiting = sum(account.waiting_ns for account in accounts) / sum(account.t_ns for account in accounts)
    # Of the waiting, nobody can say here how much was asleep; nor who ran where the machine's host took a CPU away.
    least, most = off_the_cpu - waiting - seen.stolen_s / alive_s, off_the_cpu
    error = blocked - min(max(blocked, least), most)
    sampling_error = sqrt(most * (1 - most) / seen.sums.passes / THREADS)
    assert abs(error) < FLOOR + SIGMAS * sampling_error, f"blocked {blocked:.3f} of {least:.3f} to {most:.3f}"
