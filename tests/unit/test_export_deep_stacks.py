"""Very deep stacks are cut in their middle, marked there, and keep their time."""

from __future__ import annotations

import numpy as np
import pytest

from gilprof.exporters.deep_stacks import cut_deep
from gilprof.exporters.narrowing import Narrowing
from gilprof.exporters.stack_table import LEFT_OUT, MAX_FRAMES
from gilprof.exporters.stack_times import StackTimes, stack_times
from gilprof.model import State
from tests.support.made_up import MadeUp, Place, Seen
from tests.support.many_stacks import ManyStacks


def recursion(depth: int) -> tuple[Place, ...]:
    return tuple((f"f{number}", "/srv/deep.py", number, number) for number in range(1, depth + 1))


def frames(times: StackTimes, row: int) -> list[str]:
    """The functions of a row's stack, outermost first."""
    found, stack = [], int(times.stack[row])
    while stack >= 0:
        found.append(times.functions[times.function[stack]][0])
        stack = int(times.parent[stack])
    return found[::-1]


@pytest.mark.parametrize("depth", [1, 250, 500])
def test_what_is_not_deep_stays(depth: int) -> None:
    times = stack_times(MadeUp().threads("a").add(1.0, {0: Seen(State.HELD, recursion(depth))}), Narrowing())
    assert cut_deep(times) is times


@pytest.mark.parametrize("depth", [501, 4000])
def test_both_ends_are_kept(depth: int) -> None:
    profile = MadeUp().threads("a").add(1.0, {0: Seen(State.HELD, recursion(depth))})
    times = cut_deep(stack_times(profile, Narrowing()))
    kept = [*range(1, 251), *range(depth - 248, depth + 1)]
    expected = [f"f{number}" for number in kept]
    assert frames(times, 0) == [*expected[:250], LEFT_OUT, *expected[250:]]
    assert len(times.parent) == MAX_FRAMES
    assert (times.parent < np.arange(MAX_FRAMES)).all()


def test_stacks_that_differ_in_the_middle_alone_are_one() -> None:
    deep = recursion(4000)
    other = (*deep[:2000], ("other", "/srv/deep.py", 1, 1), *deep[2001:])
    profile = MadeUp().threads("a", "b").add(1.0, {0: Seen(State.HELD, deep), 1: Seen(State.BLOCKED, other)})
    profile.add(0.5, {0: Seen(State.BLOCKED, deep[:300])})
    times = cut_deep(stack_times(profile, Narrowing()))
    assert times.stack[0] == times.stack[1]
    assert frames(times, 2) == [f"f{number}" for number in range(1, 301)]
    assert times.states_ns.sum(axis=0)[State.BLOCKED] == 1.5e9


def test_shallow_profiles_of_any_size_stay() -> None:
    times = stack_times(ManyStacks(5000), Narrowing())
    assert cut_deep(times) is times
