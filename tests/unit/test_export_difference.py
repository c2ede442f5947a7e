"""Two profiles on the same stacks: the time of each is its own, and what is the same is one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from gilprof.exporters.difference import Difference, difference
from gilprof.exporters.narrowing import Narrowing
from gilprof.exporters.stack_times import stack_times
from gilprof.model import State
from gilprof.report.build import Profiled
from tests.property.test_report_laws import profiles
from tests.support.made_up import INFO, MadeUp, Place, Seen

WORK: Place = ("Worker.run", "/srv/work.py", 5, 7)


def compared(new: Profiled, old: Profiled) -> Difference:
    now, before = (stack_times(one, Narrowing(), distinct_threads=False) for one in (new, old))
    return difference(now, before, new, old)


def one(seconds: float, *stack: Place, state: State = State.HELD, thread: str = "a", passes: int = 1000) -> MadeUp:
    return MadeUp().threads(thread).add(seconds, {0: Seen(state, stack)}, passes=passes)


def test_the_baseline_is_scaled_to_the_time_observed() -> None:
    new, old = one(2.0, WORK), one(8.0, WORK).add(2.0, {0: Seen(State.WAITING, (WORK,))})
    found = compared(new, old)
    assert found.times.states_ns.tolist() == [[2e9, 0, 0, 0, 0, 0]]
    assert found.before_ns.tolist() == [pytest.approx([1.6e9, 0, 0.4e9, 0, 0, 0])]


@settings(max_examples=30)
@given(profiles(), profiles())
def test_sums_are_the_profiles(new: MadeUp, old: MadeUp) -> None:
    if not old.sums().observed_ns:
        return
    found = compared(new, old)
    scale = new.sums().observed_ns / old.sums().observed_ns
    assert found.times.states_ns.sum(axis=0) == pytest.approx(new.sums().threads.states_ns.sum(axis=0))
    assert found.before_ns.sum(axis=0) == pytest.approx(scale * old.sums().threads.states_ns.sum(axis=0))


def test_functions_are_the_same_wherever_they_have_moved_to() -> None:
    moved = ("Worker.run", "/srv/work.py", 105, 133)
    found = compared(one(1.0, WORK), one(1.0, moved))
    assert found.times.functions == (("Worker.run", "/srv/work.py", 5),)
    assert len(found.times.parent) == len(found.times.stack) == 1


def test_functions_of_one_name_are_told_apart_by_their_order() -> None:
    def two(first: int, second: int) -> MadeUp:
        profile = one(1.0, ("step", "/srv/a.py", second, second))
        return profile.add(3.0, {0: Seen(State.HELD, (("step", "/srv/a.py", first, first),))})

    found = compared(two(10, 20), two(15, 90))
    seconds = {
        line: (ns[State.HELD], before[State.HELD])
        for (_, _, line), ns, before in zip(
            (found.times.functions[found.times.function[stack]] for stack in found.times.stack.tolist()),
            found.times.states_ns.tolist(), found.before_ns.tolist(), strict=True,
        )
    }  # fmt: skip
    assert seconds == {10: (3e9, 3e9), 20: (1e9, 1e9)}


def test_other_files_threads_and_callers_stay_apart() -> None:
    for old in (one(1.0, ("Worker.run", "/srv/other.py", 5, 7)), one(1.0, WORK, thread="b"), one(1.0, WORK, WORK)):
        assert compared(one(1.0, WORK), old).times.states_ns[:, State.HELD].tolist().count(0) == 1


def test_threads_of_one_name_are_one() -> None:
    new = MadeUp().threads("pool", "pool").add(1.0, {0: Seen(State.HELD, (WORK,)), 1: Seen(State.WAITING, (WORK,))})
    found = compared(new, one(1.0, WORK, thread="pool"))
    assert found.times.threads == ("pool",)
    assert found.times.states_ns.tolist() == [[1e9, 0, 1e9, 0, 0, 0]]


@pytest.mark.parametrize(("switches", "look_ns"), [(10, 8e7), (400, 5e6), (0, 8e8)])
def test_a_look_stands_for_the_mean_turn_where_that_is_longer(switches: int, look_ns: float) -> None:
    """A second, in 0.8 s of which somebody waits."""
    profile = one(0.2, WORK, passes=200)
    profile.add(0.8, {0: Seen(State.HELD, (WORK,)), 1: Seen(State.WAITING, (WORK,))}, passes=800)
    profile.switches = switches
    assert compared(profile, profile).look_ns == (look_ns, look_ns)


@pytest.mark.parametrize(
    ("passes", "interval_ns", "look_ns"), [(1000, 5_000_000, 5e6), (100, 5_000_000, 1e7), (1000, 10_000, 1e6)]
)
def test_a_look_stands_for_the_switch_interval_at_least(passes: int, interval_ns: int, look_ns: float) -> None:
    new, old = one(1.0, WORK, passes=passes), one(2.0, WORK, passes=2 * passes)
    for profile in (new, old):
        profile.info = replace(INFO, switch_interval_ns=interval_ns)
    assert compared(new, old).look_ns == (look_ns, look_ns / 2)
