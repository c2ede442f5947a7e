"""The rules of classifying, each on its own: columns in, columns out."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from gilprof.analysis.classify.garbage_collection import Collections
from gilprof.analysis.classify.holder_without_cpu import NO_TICK_NS, OPEN, decide_starving
from gilprof.analysis.classify.holds import Holds
from gilprof.analysis.classify.origins import Origins
from gilprof.analysis.classify.run_queue import QueueTime
from gilprof.analysis.classify.running import carried, running_max, running_sum, shifted
from gilprof.analysis.classify.sleeps import Sleeps
from gilprof.analysis.classify.syscalls import blocked_in, blocked_in_table
from gilprof.analysis.classify.verdicts import NOT_APPLICABLE, LookVerdicts
from gilprof.errors import NotReadable
from gilprof.model import (
    LOOK_DTYPE,
    NONE,
    PASS_DTYPE,
    SYSCALL_OUTSIDE,
    SYSCALL_RUNNING,
    TIMESLICES_UNREADABLE,
    BlockedIn,
    LookArray,
    LookFlag,
    Origin,
    PassArray,
    PassFlag,
    State,
)
from tests.support.facts import FUTEX, INFO, READ, SLEEP

MS = 1_000_000
INTERVAL_NS, GAP_NS = 5 * MS, MS


def ms(*values: float) -> np.ndarray:
    return (np.array(values) * MS).astype(np.int64)


class TestHolderWithoutCpu:
    """A look at a holder that was asked to drop the GIL is ``OPEN`` until its account changes."""

    def decided(self, cpu_ms: list[float], queued_ms: list[float], complete: bool = False) -> list[int]:
        count = len(cpu_ms)
        starving = np.zeros(count, np.uint8)
        starving[0] = OPEN
        stay, ended = np.zeros(count, np.int64), np.full(count, complete)
        out = decide_starving(starving, stay, ms(*range(count)), ms(*cpu_ms), ms(*queued_ms), ended)
        return [int(value) for value in out]

    def test_time_in_the_queue_says_that_it_had_none(self) -> None:
        assert self.decided([0, 0, 0], [0, 0, 2])[0] == 1

    def test_a_tick_says_that_it_had_one(self) -> None:
        assert self.decided([0, 0, 2], [0, 0, 0])[0] == 0

    def test_without_a_change_nothing_is_decided(self) -> None:
        assert self.decided([0, 0, 0], [0, 0, 0])[0] == OPEN

    def test_at_the_end_it_had_one(self) -> None:
        assert self.decided([0, 0, 0], [0, 0, 0], complete=True)[0] == 0

    def test_standing_still_for_long_is_having_none(self) -> None:
        count = NO_TICK_NS // MS + 2
        assert self.decided([0.0] * count, [0.0] * count)[0] == 1


def held_long(holds: list[bool], known: list[bool] | None = None, at_ms: list[float] | None = None) -> list[bool]:
    count = len(holds)
    found = Holds(INTERVAL_NS).trace(
        np.zeros(count, np.int32),
        np.array(holds),
        np.array(known or [True] * count),
        ms(*(at_ms or range(count))),
        np.full(count, float(GAP_NS)),
    )
    return [bool(value) for value in found]


def test_who_held_for_a_switch_interval_was_asked_to_drop() -> None:
    """Less two gaps: from a first look to a last one it is seen for less than it lasted."""
    assert held_long([True, True, True, True, False]) == [False, False, False, False, True]
    assert held_long([True, True, True, False]) == [False, False, False, False]


def test_a_look_that_is_not_known_changes_nothing() -> None:
    assert held_long([True, True, True, True, False, False], [True] * 4 + [False] * 2)[-1]


def test_a_new_hold_begins_anew() -> None:
    assert not held_long([True, True, True, True, False, True, False])[-1]


@pytest.mark.parametrize(
    ("states", "stacks", "check", "long", "origin"),
    [
        ([State.BLOCKED, State.WAITING], [4, 4], False, False, Origin.RETURNING),
        ([State.BLOCKED, State.WAITING], [4, 4], True, False, Origin.PREEMPTED),
        ([State.HELD, State.WAITING], [4, 4], False, True, Origin.PREEMPTED),
        ([State.HELD, State.WAITING], [4, 4], False, False, Origin.RETURNING),
        ([State.BLOCKED, State.WAITING], [4, NONE], False, False, Origin.ENTERING),
        ([State.WAITING, State.WAITING], [4, 5], False, False, Origin.RETURNING),
    ],
)
def test_how_a_wait_began(states: list[State], stacks: list[int], check: bool, long: bool, origin: Origin) -> None:
    count = len(states)
    last = np.arange(count) == count - 1
    out = Origins().trace(
        np.zeros(count, np.int32), np.array(states, np.uint8), np.array(stacks, np.int32), ms(*range(count)),
        check & last, long & last,
    )  # fmt: skip
    assert out[-1] == origin
    assert (out[np.array(states) != State.WAITING] == NOT_APPLICABLE).all()


def test_a_thread_that_appears_enters_and_one_that_was_there_returns() -> None:
    thread, state = np.array([0, 1, 0], np.int32), np.full(3, State.WAITING, np.uint8)
    no = np.zeros(3, np.bool_)
    out = Origins().trace(thread, state, np.full(3, 4, np.int32), ms(0, 1, 1), no, no)
    assert out.tolist() == [Origin.RETURNING, Origin.ENTERING, Origin.RETURNING]


def collecting(holders: list[int], stacks: list[list[int]], switches: list[int]) -> list[list[bool]]:
    """Passes with two threads each; a collection is under way in all but the first. Stack 1 is called from stack 0, as
    stack 3 is, and stack 2 from stack 1."""
    passes = np.zeros(len(holders), PASS_DTYPE)
    passes["holder"], passes["switch_number"] = holders, switches
    passes["flags"][1:] = PassFlag.COLLECTING
    passes["t_ns"], passes["look_count"] = np.arange(len(holders)), 2
    looks = np.zeros(2 * len(holders), LOOK_DTYPE)
    looks["thread"], looks["stack"] = np.tile([0, 1], len(holders)), np.reshape(stacks, -1)
    parents = np.array([[NONE, 0], [0, 1], [1, 2], [0, 3]], np.int32)
    found = Collections(lambda: parents).trace(passes, looks)
    return found.reshape(-1, 2).tolist()


def test_the_holder_collects_and_a_finalizer_stands_on_top() -> None:
    """Stack 1 has set the collection off; thread 1 only waits."""
    assert collecting([0, 0, 0, 0], [[1, 0], [1, 0], [2, 0], [1, 0]], [7, 7, 7, 7]) == [
        [False, False], [True, False], [False, False], [True, False],
    ]  # fmt: skip


def test_on_another_stack_that_collection_is_over() -> None:
    """The holder has begun another one, on its own stack."""
    assert collecting([0, 0, 1], [[1, 0], [1, 0], [3, 0]], [7, 7, 8])[2] == [False, True]


def passes_and_looks(*rows: tuple[int, int, int, int, int]) -> tuple[PassArray, LookArray]:
    """(system call, offset inside the GIL, time slices, switch number, flags) of one thread's looks."""
    passes, looks = np.zeros(len(rows), PASS_DTYPE), np.zeros(len(rows), LOOK_DTYPE)
    looks["syscall"], looks["gil_word"], looks["timeslices"], passes["switch_number"], looks["flags"] = zip(
        *rows, strict=True
    )
    return passes, looks


_SLEEPS = (SLEEP, -1)
_READS = (READ, -1)
_OFF = (SYSCALL_OUTSIDE, -1)
_WAITS = (FUTEX, 72)
_QUEUES = (FUTEX, 80)
_DROPS = (FUTEX, 160)
_RUNS = (SYSCALL_RUNNING, -1)
_LAST = LookFlag.LAST_HOLDER


@pytest.mark.parametrize(
    ("rows", "woken"),
    [
        ([(*_SLEEPS, 3, 7, 0), (*_RUNS, 3, 7, 0)], "outside"),
        ([(*_SLEEPS, 3, 7, 0), (*_RUNS, 4, 7, 0)], ""),
        ([(*_OFF, 3, 7, 0), (*_RUNS, 3, 8, 0)], "outside"),
        ([(*_SLEEPS, 0, 7, 0), (*_RUNS, 0, 7, 0)], ""),
        ([(*_SLEEPS, TIMESLICES_UNREADABLE, 7, 0), (*_RUNS, TIMESLICES_UNREADABLE, 7, 0)], ""),
        ([(*_READS, 3, 7, 0), (*_RUNS, 3, 7, 0), (*_RUNS, 3, 7, 0)], "outside"),
        # It has not run since it slept for the GIL.
        ([(*_WAITS, 3, 7, 0), (*_RUNS, 3, 9, 0)], "inside"),
        # It has run, and nobody has taken the GIL.
        ([(*_WAITS, 3, 7, 0), (*_RUNS, 4, 7, 0)], "inside"),
        ([(*_WAITS, 0, 7, 0), (*_RUNS, 0, 7, 0), (*_RUNS, 0, 7, 0)], "inside"),
        ([(*_WAITS, 3, 7, 0), (*_RUNS, 4, 8, 0)], ""),
        # It had been the last holder: its taking the GIL again is not counted.
        ([(*_WAITS, 3, 7, _LAST), (*_RUNS, 4, 7, _LAST)], ""),
        # Behind a sleep in drop_gil a call without the GIL may follow.
        ([(*_DROPS, 3, 7, 0), (*_RUNS, 4, 7, 0)], ""),
        ([(*_QUEUES, 3, 7, 0), (*_RUNS, 4, 7, 0)], "inside"),
        ([(*_WAITS, 3, 7, 0), (*_SLEEPS, 5, 8, 0), (*_RUNS, 5, 8, 0)], "outside"),
    ],
)
def test_who_was_woken(rows: list[tuple[int, int, int, int, int]], woken: str) -> None:
    passes, looks = passes_and_looks(*rows)
    sleeps = Sleeps(INFO)
    found = sleeps.woken(passes, looks, np.arange(len(rows)))
    assert [name for name, column in found._asdict().items() if column[-1]] == ([woken] if woken else [])
    # In batches of one the same is found.
    sleeps = Sleeps(INFO)
    for row in range(len(rows)):
        found = sleeps.woken(passes[row : row + 1], looks[row : row + 1], np.zeros(1, np.int64))
    assert [name for name, column in found._asdict().items() if column[-1]] == ([woken] if woken else [])


def test_a_switch_number_of_another_gil_says_nothing() -> None:
    passes, looks = passes_and_looks((*_WAITS, 3, 7, 0), (*_RUNS, 4, 7, 0))
    passes["domain"] = [0, 1]
    assert not Sleeps(INFO).woken(passes, looks, np.arange(2)).inside.any()


def test_nor_does_one_of_a_torn_pass() -> None:
    passes, looks = passes_and_looks((*_WAITS, 3, 7, 0), (*_RUNS, 4, 7, 0))
    passes["flags"][1] = PassFlag.TORN
    assert not Sleeps(INFO).woken(passes, looks, np.arange(2)).inside.any()


def test_time_in_the_queue_belongs_to_the_look_before() -> None:
    columns: dict[str, Any] = {field.name: np.zeros(4, np.int64) for field in fields(LookVerdicts)}
    columns["thread"] = np.array([0, 1, 0, 1], np.int32)
    columns["queued_ns"] = np.array([0.0, 0.0, 5.0, 0.0])
    queue = QueueTime.of(LookVerdicts(**columns))
    assert (queue.look.tolist(), queue.before.tolist(), queue.ns.tolist()) == ([2], [0], [5.0])


def test_an_unknown_machine_is_refused() -> None:
    table = blocked_in_table("x86_64")
    assert blocked_in(np.array([FUTEX, READ, SYSCALL_OUTSIDE]), table).tolist() == [
        BlockedIn.LOCK, BlockedIn.IO, BlockedIn.PAGE,
    ]  # fmt: skip
    with pytest.raises(NotReadable):
        blocked_in_table("vax")


def test_columns_run_within_each_thread() -> None:
    """Two threads of three looks; before these, the first had 10 and the second 20."""
    first = np.array([True, False, False, True, False, False])
    remembered = np.repeat([10.0, 20.0], 3)
    values = np.array([1.0, np.nan, 3.0, np.nan, 5.0, np.nan])
    assert carried(values, first, remembered).tolist() == [1, 1, 3, 20, 5, 5]
    numbers = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert shifted(numbers, first, remembered).tolist() == [10, 1, 2, 20, 4, 5]
    assert running_sum(numbers, first, remembered).tolist() == [11, 13, 16, 24, 29, 35]
    assert running_max(np.array([0.0, 3.0, 1.0, 0.0, 0.0, 2.0]), first).tolist() == [0, 3, 3, 0, 0, 2]
