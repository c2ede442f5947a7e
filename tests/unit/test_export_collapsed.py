"""Collapsed stacks: a line a stack and state, and sums that are the profile's."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gilprof.exporters.collapsed import export
from gilprof.exporters.narrowing import Narrowing
from gilprof.model import LOOK_DTYPE, PASS_DTYPE, STATE_NAMES, UNREADABLE, Batch, State, ThreadSeen
from gilprof.report.build import Profiled
from tests.property.test_report_laws import profiles
from tests.support.made_up import BOOTSTRAP, MadeUp, Place, Seen
from tests.support.many_stacks import ManyStacks

MAIN: tuple[Place, ...] = (("<module>", "/srv/app.py", 1, 20), ("main", "/srv/app.py", 10, 14))
STEP: tuple[Place, ...] = (*BOOTSTRAP, ("Worker.step", "/srv/app.py", 30, 33))
PROCESS = "python app.py (4242)"
LINE = re.compile(r"[^;\n]+(;[^;\n]+)+;\[(held|held_blocked|waiting|released|blocked|unknown)\] [1-9]\d*\n")


def lines(profile: Profiled, narrowing: Narrowing | None = None) -> dict[str, int]:
    """Microseconds by stack; each stack once."""
    found = {}
    for line in export(profile, narrowing or Narrowing()):
        assert LINE.fullmatch(line), line
        stack, microseconds = line.rstrip("\n").rsplit(" ", 1)
        assert stack not in found
        found[stack] = int(microseconds)
    return found


def contended() -> MadeUp:
    profile = MadeUp().threads("MainThread", "worker-1")
    profile.add(0.3, {0: Seen(State.WAITING, MAIN), 1: Seen(State.HELD, STEP)})
    return profile.add(0.2, {0: Seen(State.HELD, MAIN), 1: Seen(State.WAITING, STEP)})


def test_lines() -> None:
    main = f"{PROCESS};MainThread;<module> (/srv/app.py:20);main (/srv/app.py:14)"
    step = ";".join(
        [PROCESS, "worker-1", *(f"{name} ({file}:{line})" for name, file, _, line in BOOTSTRAP),
         "Worker.step (/srv/app.py:33)"]
    )  # fmt: skip
    assert lines(contended()) == {
        f"{main};[waiting]": 300_000,
        f"{main};[held]": 200_000,
        f"{step};[held]": 300_000,
        f"{step};[waiting]": 200_000,
    }


def test_pseudo_functions_stand_where_the_report_has_them() -> None:
    profile = MadeUp().threads("MainThread", "blas")
    profile.add(0.1, {0: Seen(State.HELD, MAIN, gc=True), 1: Seen(State.RELEASED, None, python=False)})
    profile.add(0.1, {0: Seen(State.HELD, None, gc=True)})
    assert lines(profile) == {
        f"{PROCESS};MainThread;<module> (/srv/app.py:20);main (/srv/app.py:14);<GC>;[held]": 100_000,
        f"{PROCESS};MainThread;<no Python frame>;<GC>;[held]": 100_000,
        f"{PROCESS};blas;<no Python frame>;[released]": 100_000,
    }


class Unreadable(MadeUp):
    """The stacks of all nodes are ids that nobody has defined."""

    def __init__(self, stack: int) -> None:
        super().__init__()
        self._stack = stack

    def sums(self):  # type: ignore[no-untyped-def]
        """With another column of stacks."""
        sums = super().sums()
        return replace(sums, nodes=replace(sums.nodes, stack=np.full_like(sums.nodes.stack, self._stack)))


@pytest.mark.parametrize("stack", [UNREADABLE, -7, 1000])
def test_unreadable_stacks(stack: int) -> None:
    profile = Unreadable(stack).threads("a").add(0.1, {0: Seen(State.HELD, MAIN)})
    assert lines(profile) == {f"{PROCESS};a;<unreadable stack>;[held]": 100_000}


def test_an_unknown_line_is_left_out() -> None:
    profile = MadeUp().threads("a").add(0.1, {0: Seen(State.HELD, (("f", "/srv/app.py", 1, 0),))})
    assert lines(profile) == {f"{PROCESS};a;f (/srv/app.py);[held]": 100_000}


def test_threads_of_the_same_name_stay_apart() -> None:
    profile = MadeUp().threads("worker", "worker", "", "other")
    profile.add(0.1, {number: Seen(State.BLOCKED, None) for number in range(4)})
    threads = [stack.split(";")[1] for stack in lines(profile)]
    assert threads == ["worker (tid 5000)", "worker (tid 5001)", "(tid 5002)", "other"]


def test_a_tid_that_the_kernel_used_again() -> None:
    profile = MadeUp()
    seen = tuple(ThreadSeen(number, 5000, "worker") for number in range(2))
    profile.definitions.add(Batch(passes=np.empty(0, PASS_DTYPE), looks=np.empty(0, LOOK_DTYPE), threads=seen))
    profile.add(0.1, {number: Seen(State.BLOCKED, None) for number in range(2)})
    assert [stack.split(";")[1] for stack in lines(profile)] == ["worker (tid 5000)", "worker (tid 5000) #2"]


def test_a_stack_of_thousands_of_frames() -> None:
    deep = tuple((f"f{depth}", "/srv/deep.py", depth, depth) for depth in range(4000))
    (stack,) = lines(MadeUp().threads("a").add(0.1, {0: Seen(State.HELD, deep)}))
    assert stack.count(";") == 4002


@pytest.mark.parametrize(
    ("states", "microseconds"),
    [
        ([State.WAITING], {"waiting": 500_000}),
        ([State.HELD, State.WAITING], {"held": 500_000, "waiting": 500_000}),
        ([State.UNKNOWN], {}),
    ],
)
def test_narrowed_to_states(states: list[State], microseconds: dict[str, int]) -> None:
    assert by_state(lines(contended(), Narrowing(states=states))) == microseconds


@pytest.mark.parametrize(("pattern", "count"), [("worker-*", 2), ("MainThread", 2), ("*", 4), ("worker", 0)])
def test_narrowed_to_threads(pattern: str, count: int) -> None:
    assert len(lines(contended(), Narrowing(thread=pattern))) == count


def by_state(found: dict[str, int]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for stack, microseconds in found.items():
        sums[stack.rpartition(";")[2].strip("[]")] += microseconds
    return dict(sums)


@given(profiles())
def test_any_profile_becomes_lines_with_its_sums(profile: MadeUp) -> None:
    states_ns = profile.sums().threads.states_ns.sum(axis=0)
    found = lines(profile)
    for state, name in enumerate(STATE_NAMES):
        assert by_state(found).get(name, 0) == pytest.approx(states_ns[state] / 1000, abs=0.5 * len(found) + 0.5)


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_any_name_is_one_part_of_one_line(thread: str, name: str, file: str) -> None:
    profile = MadeUp().threads(thread, "other")
    profile.add(0.1, {0: Seen(State.HELD, ((name, file, 1, 3),)), 1: Seen(State.BLOCKED, None)})
    assert sorted(stack.count(";") for stack in lines(profile)) == [3, 3]
    assert "".join(export(profile, Narrowing())).encode().decode("utf-8").replace("\n", "").isprintable()


def test_many_stacks() -> None:
    profile = ManyStacks(5000)
    states_ns = profile.sums().nodes.states_ns.sum(axis=0)
    found = lines(profile)
    for state, name in enumerate(STATE_NAMES):
        assert by_state(found)[name] == pytest.approx(states_ns[state] / 1000, abs=0.5 * len(found))
