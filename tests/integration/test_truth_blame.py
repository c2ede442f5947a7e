"""Who waits for whom, how the waits began, and what was kept although others had asked for it: exact tracing knows."""

from __future__ import annotations

import itertools

import pytest

from gilprof.model import BlockedIn, State
from tests.support.figures import FLOOR, bound
from tests.support.interpreters import Interpreter, some_versions
from tests.support.timeline import overdue_ns, returning_ns, waited_for_ns
from tests.support.watched import Watched, watched

on_some_versions = pytest.mark.parametrize("interpreter", some_versions(), ids=str)
FEW_HANDS = ["spin 3", "hold_sleep", "sort_big", "convoy", "zlib_mix 2 2"]


def check_share(seen: Watched, measured_s: float, *truth_s: float) -> None:
    """The measured figure is as near to the truth (or to what lies between its bounds) as a share has to be."""
    allowed_s = bound(seen.seen) * seen.seen.process["observed_s"]
    assert min(truth_s) - allowed_s <= measured_s <= max(truth_s) + allowed_s, f"{measured_s} s, in truth {truth_s} s"


def waited_s(seen: Watched, waiter: str, holder: str) -> tuple[float, float]:
    """Seconds that one waited for the other, at least and at most."""
    least, most = waited_for_ns(seen.lines[waiter], seen.lines[holder], seen.spans)
    return least / 1e9, most / 1e9


@on_some_versions
@pytest.mark.parametrize("name", FEW_HANDS)
def test_each_waits_for_whom_it_waited(name: str, interpreter: Interpreter) -> None:
    seen = watched(name, interpreter)
    for holder, waiter in itertools.permutations(seen.case.threads, 2):
        measured_s = seen.seen.blame_s("threads", seen.row(holder)["id"], seen.row(waiter)["id"])
        check_share(seen, measured_s, *waited_s(seen, waiter, holder))


@on_some_versions
@pytest.mark.parametrize("table", ["functions", "own"])
def test_sorting_is_blamed_by_function(table: str, interpreter: Interpreter) -> None:
    """``sorted`` has no Python frame: the function that calls it is on top, and it is the user's own."""
    seen = watched("sort_big", interpreter)
    holder, waiter = seen.seen.function("sort_lists"), seen.seen.function("spin")
    truth_s = waited_s(seen, "spin", "sort")
    check_share(seen, seen.seen.blame_s(table, holder["id"], waiter["id"]), *truth_s)
    check_share(seen, holder["blamed_s"], *truth_s)


@on_some_versions
def test_sorting_is_overdue(interpreter: Interpreter) -> None:
    seen = watched("sort_big", interpreter)
    interval_ns = seen.seen.profile.info.switch_interval_ns
    truth_ns = overdue_ns(seen.lines["sort"], seen.lines["spin"], interval_ns, seen.spans)
    assert truth_ns / 1e9 > 0.3 * seen.seen.process["observed_s"]
    # While it stands in the queue for a CPU it is not.
    queued_s = seen.seen.queued_s[seen.tids["sort"]]
    check_share(seen, seen.seen.function("sort_lists")["overdue_s"], truth_ns / 1e9 - queued_s, truth_ns / 1e9)


@on_some_versions
def test_python_code_is_never_overdue_for_long(interpreter: Interpreter) -> None:
    seen = watched("spin 3", interpreter)
    assert seen.seen.function("spin")["overdue_s"] < FLOOR * seen.seen.process["observed_s"] + seen.seen.stolen_s


@on_some_versions
def test_sleep_with_the_gil_is_blamed(interpreter: Interpreter) -> None:
    """The spinner waits for nobody but the sleeper, and that one is asleep in C all the while."""
    seen = watched("hold_sleep", interpreter)
    truth_s = waited_s(seen, "spin", "sleeper")
    assert min(truth_s) > 0.2 * seen.seen.process["observed_s"]
    check_share(seen, seen.seen.function("sleep_holding")["blamed_s"], *truth_s)
    sleeper = seen.row("sleeper")
    check_share(seen, sleeper["held_blocked"]["sleep"], sleeper["seconds"]["held_blocked"])


@on_some_versions
@pytest.mark.parametrize("name", ["spin 3", "sort_big", "convoy", "release_sleep"])
def test_how_the_waits_began(name: str, interpreter: Interpreter) -> None:
    """Pure Python is made to drop the GIL; the others here come back from calls that released it."""
    seen = watched(name, interpreter)
    for thread in seen.case.threads:
        origin = "preempted" if thread in seen.case.pure_python else "returning"
        row = seen.row(thread)
        check_share(seen, row["waiting"][origin], row["seconds"]["waiting"])


@on_some_versions
def test_one_thread_waits_in_two_ways(interpreter: Interpreter) -> None:
    """The sleeper returns from each gap, and is made to drop the GIL after each hold, which was overdue."""
    seen = watched("hold_sleep", interpreter)
    gap_ns = 20e6
    truth_s = returning_ns(seen.lines["sleeper"], gap_ns / 2, seen.spans) / 1e9
    row = seen.row("sleeper")
    check_share(seen, row["waiting"]["returning"], truth_s)
    check_share(seen, row["waiting"]["preempted"], row["seconds"]["waiting"] - truth_s)


@on_some_versions
@pytest.mark.parametrize("name", ["hold_sleep", "release_sleep"])
def test_sleeps_are_blocked_in_sleep(name: str, interpreter: Interpreter) -> None:
    seen = watched(name, interpreter)
    looks = seen.seen.looks_at(seen.tids["sleeper"])
    asleep = looks[seen.seen.looks.state[looks] == State.BLOCKED]
    elsewhere = (seen.seen.looks.blocked_in[asleep] != BlockedIn.SLEEP).mean()
    assert len(asleep) > 500
    assert elsewhere < 0.01
