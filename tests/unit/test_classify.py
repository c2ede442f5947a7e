"""Each rule that turns a look's facts into a state, on made-up looks."""

from __future__ import annotations

import numpy as np
import pytest

from gilprof.analysis.classify.classifier import Classifier
from gilprof.analysis.classify.runnable import BLOCK
from gilprof.analysis.classify.verdicts import NOT_APPLICABLE
from gilprof.model import (
    NONE,
    SYSCALL_OUTSIDE,
    SYSCALL_UNREADABLE,
    UNREADABLE,
    BlockedIn,
    LookFlag,
    Origin,
    PassFlag,
    State,
)
from tests.support.facts import FUTEX, INFO, POLL, READ, SLEEP, Script

HOME = "work app.py:10"
CALL = "work app.py:20"
CHECK = LookFlag.PYTHON | LookFlag.EVAL_CHECK


class Judged:
    """The verdicts on a script, by thread name."""

    def __init__(self, script: Script) -> None:
        batch = script.batch()
        classifier = Classifier(INFO)
        parts = [classifier.feed(batch.passes, batch.looks), classifier.finish()]
        self.passes = parts[0].passes if len(parts[1].passes.t_ns) == 0 else None
        self._names = {thread.name: thread.id for thread in batch.threads}
        self._looks = [part.looks for part in parts]
        self.holders = np.concatenate([part.passes.holder for part in parts])
        self.weights_ns = np.concatenate([part.passes.weight_ns for part in parts])
        self.unobserved_ns = np.concatenate([part.passes.unobserved_ns for part in parts])
        self.stopped_ns = np.concatenate([part.passes.stopped_ns for part in parts])

    def column(self, name: str, column: str) -> list[int]:
        values = [getattr(looks, column)[looks.thread == self._names[name]] for looks in self._looks]
        return [int(value) for value in np.concatenate(values)]

    def states(self, name: str) -> list[State]:
        return [State(value) for value in self.column(name, "state")]

    def origins(self, name: str) -> list[Origin | None]:
        return [None if o == NOT_APPLICABLE else Origin(o) for o in self.column(name, "origin")]


def test_holder_waiter_and_sleeper() -> None:
    judged = Judged(Script().at(0).holds("a", HOME).waits("b", HOME).blocks("c", HOME))
    assert judged.states("a") == [State.HELD]
    assert judged.states("b") == [State.WAITING]
    assert judged.states("c") == [State.BLOCKED]


def test_last_holder_without_lock_means_nothing() -> None:
    judged = Judged(Script().at(0).blocks("a", HOME, flags=LookFlag.PYTHON))
    assert judged.states("a") == [State.BLOCKED]
    assert list(judged.holders) == [NONE]


@pytest.mark.parametrize(
    ("syscall", "where"),
    [
        (FUTEX, BlockedIn.LOCK),
        (POLL, BlockedIn.POLL),
        (READ, BlockedIn.IO),
        (SLEEP, BlockedIn.SLEEP),
        (SYSCALL_OUTSIDE, BlockedIn.PAGE),
        (61, BlockedIn.CHILD),
    ],
)
def test_what_it_is_blocked_in(syscall: int, where: BlockedIn) -> None:
    judged = Judged(Script().at(0).holds("a", HOME, syscall=syscall).blocks("b", HOME, syscall=syscall))
    assert judged.states("a") == [State.HELD_BLOCKED]
    assert judged.states("b") == [State.BLOCKED]
    assert judged.column("a", "blocked_in") == judged.column("b", "blocked_in") == [where]


def test_holder_that_drops_and_blocks_during_the_pass_was_held() -> None:
    """As of the pass's first reading: it blocks in the call that it released the GIL for."""
    flags = LookFlag.PYTHON | LookFlag.HOLDER_BEFORE | LookFlag.TORN
    judged = Judged(Script().at(0).holds("a", HOME, syscall=READ, flags=flags))
    assert judged.states("a") == [State.HELD]


def test_holder_on_the_gils_own_mutex_is_held() -> None:
    judged = Judged(Script().at(0).holds("a", HOME, syscall=FUTEX, gil_word=80))
    assert judged.states("a") == [State.HELD]


@pytest.mark.parametrize("word", [48, 72, 76, 80, 152, 168])
def test_asleep_anywhere_in_the_gil_waits(word: int) -> None:
    judged = Judged(Script().at(0).holds("a", HOME).blocks("b", HOME, syscall=FUTEX, gil_word=word))
    assert judged.states("b") == [State.WAITING]


def test_unreadable_is_unknown() -> None:
    judged = Judged(Script().at(0).blocks("a", HOME, syscall=SYSCALL_UNREADABLE))
    assert judged.states("a") == [State.UNKNOWN]


def test_locked_by_a_thread_that_cannot_be_told() -> None:
    judged = Judged(Script().at(0, holder=UNREADABLE, flags=PassFlag.LOCKED).waits("b", HOME))
    assert list(judged.holders) == [UNREADABLE]


def test_native_thread_is_released_or_blocked() -> None:
    script = Script().at(0).runs("n", flags=0).at(1).blocks("n", flags=0)
    assert Judged(script).states("n") == [State.RELEASED, State.BLOCKED]


def test_runnable_at_an_eval_check_was_made_to_drop() -> None:
    script = Script().at(0).holds("a", HOME).runs("b", HOME, flags=CHECK)
    assert Judged(script).states("b") == [State.WAITING]


def test_a_finalizer_of_a_collection_at_an_eval_check_is_decided_by_what_it_does() -> None:
    """From CPython 3.12 on collections run there: one that releases the GIL was not made to drop it."""
    script = Script()
    for ms in range(10):
        script.at(ms, flags=PassFlag.COLLECTING).holds("a", HOME).runs("b", HOME, flags=CHECK, cpu_ms=1)
    script.at(10).holds("a", HOME).waits("b", HOME, cpu_ms=1)
    assert Judged(script).states("b") == [State.RELEASED] * 10 + [State.WAITING]


@pytest.mark.parametrize("then", ["holds", "waits"])
def test_woken_from_a_sleep_and_not_run_since_is_released(then: str) -> None:
    """It has not run, so it has not asked for the GIL: whatever it does once it has a CPU."""
    script = Script().at(0).holds("a", HOME).blocks("b", CALL, syscall=SLEEP, timeslices=7)
    for ms in (1, 2):
        script.at(ms, mutex_users=2).holds("a", HOME).runs("b", CALL, timeslices=7, flags=CHECK)
    script.at(3)
    getattr(script, then)("b", CALL, cpu_ms=0.01, queued_ms=2)
    assert Judged(script).states("b")[:3] == [State.BLOCKED, State.RELEASED, State.RELEASED]


def test_woken_from_a_sleep_and_put_on_a_cpu_is_not_known_by_it() -> None:
    script = Script().at(0).holds("a", HOME).blocks("b", CALL, syscall=SLEEP, timeslices=7)
    script.at(1, mutex_users=2).holds("a", HOME).runs("b", CALL, timeslices=8)
    script.at(2).holds("a", HOME).waits("b", CALL, timeslices=8, cpu_ms=0.01)
    assert Judged(script).states("b")[1] == State.WAITING


def test_computing_thread_is_released() -> None:
    script = Script()
    for ms in range(10):
        script.at(ms).holds("a", HOME).runs("b", CALL, cpu_ms=1)
    script.at(10).holds("a", HOME).waits("b", CALL, cpu_ms=1)
    assert Judged(script).states("b") == [State.RELEASED] * 10 + [State.WAITING]


def test_computing_within_one_time_slice_is_released_although_its_cpu_time_is_stale() -> None:
    script = Script().at(0).holds("a", HOME).runs("b", CALL).at(1).holds("a", HOME).runs("b", CALL)
    script.at(2).holds("b", CALL)
    assert Judged(script).states("b") == [State.RELEASED, State.RELEASED, State.HELD]


def test_woken_for_the_gil_and_queued_waits() -> None:
    """Runnable between two sleeps on the GIL, and it used next to no CPU."""
    script = Script().at(0).holds("a", HOME).waits("b", CALL)
    script.at(1).holds("a", HOME).runs("b", CALL).at(2).holds("a", HOME).runs("b", CALL)
    script.at(3).holds("a", HOME).waits("b", CALL, cpu_ms=0.005, queued_ms=1.9)
    assert Judged(script).states("b") == [State.WAITING] * 4


def test_queued_in_the_middle_of_computing_is_released() -> None:
    """The CPU time that it was yet to use tells that it had something to compute."""
    script = Script().at(0).holds("a", HOME).runs("b", CALL)
    script.at(1).holds("a", HOME).runs("b", CALL)
    script.at(2).holds("a", HOME).runs("b", CALL, queued_ms=1.5)
    script.at(3).holds("a", HOME).waits("b", CALL, cpu_ms=1)
    assert Judged(script).states("b") == [State.RELEASED] * 3 + [State.WAITING]


def test_as_many_on_their_way_as_there_are_candidates() -> None:
    """Two users of the mutex: one asleep on the condition variable, the other must be the runnable one."""
    script = Script().at(0, mutex_users=2).holds("a", HOME).waits("b", HOME).runs("c", CALL)
    script.at(1).holds("a", HOME).waits("b", HOME).blocks("c", CALL, cpu_ms=1)
    assert Judged(script).states("c") == [State.WAITING, State.BLOCKED]


def test_a_long_run_is_decided_before_it_ends() -> None:
    script = Script()
    for ms in range(3 * BLOCK):
        script.at(ms).holds("a", HOME).runs("b", CALL, cpu_ms=1)
    batch = script.batch()
    decided = Classifier(INFO).feed(batch.passes, batch.looks)
    assert 2 * BLOCK <= len(decided.passes.t_ns) < 3 * BLOCK


def test_ended_thread_does_not_hold_up_the_others() -> None:
    script = Script().at(0).holds("a", HOME).runs("b", CALL)
    script.at(1).holds("a", HOME)
    batch = script.batch()
    assert len(Classifier(INFO).feed(batch.passes, batch.looks).passes.t_ns) == 2


def test_weights_are_the_gaps_before() -> None:
    script = Script()
    for ms in (0, 1, 2.5, 3, 13, 14):
        script.at(ms).holds("a", HOME)
    judged = Judged(script)
    assert list(judged.weights_ns / 1e6) == [0, 1, 1.5, 0.5, 1, 1]
    assert list(judged.unobserved_ns / 1e6) == [0, 0, 0, 0, 9, 0]


def test_stopped_target_is_not_observed() -> None:
    script = Script().at(0).holds("a", HOME).at(1, flags=PassFlag.STOPPED).holds("a", HOME, syscall=SYSCALL_OUTSIDE)
    judged = Judged(script)
    assert list(judged.weights_ns) == [0, 0]
    assert list(judged.stopped_ns / 1e6) == [0, 1]


def test_preempted_after_a_switch_interval() -> None:
    script = Script()
    for ms in range(6):
        script.at(ms).holds("a", HOME).waits("b", HOME)
    script.at(6).holds("b", HOME).waits("a", CALL)
    judged = Judged(script)
    assert judged.origins("a") == [None] * 6 + [Origin.PREEMPTED]


def off_the_gil_and_queued(held_ms: int = 6, held_by: str = "b", last_holder: str = "b") -> Script:
    """``a`` has the GIL for so long, then it is off the GIL and queued for a CPU."""
    script = Script()
    for ms in range(held_ms):
        script.at(ms).holds("a", CALL).waits("b", HOME)
    for ms in range(held_ms, held_ms + 3):
        script.at(ms)
        if held_by:
            script.holds(held_by, HOME)
        script.runs("a", CALL, flags=LookFlag.PYTHON | (LookFlag.LAST_HOLDER if last_holder == "a" else 0))
    return script.at(held_ms + 3)


def preempted_inside_drop_gil(cpu_ms: float, held_ms: int = 6, held_by: str = "b", last_holder: str = "b") -> Judged:
    """Once it ran, it waits."""
    script = off_the_gil_and_queued(held_ms, held_by, last_holder)
    return Judged(script.holds("b", HOME).waits("a", CALL, cpu_ms=cpu_ms, queued_ms=2.9))


def test_made_to_drop_and_queued_waits() -> None:
    """It stands between the two halves of a forced switch, and uses some CPU to get to the second one."""
    judged = preempted_inside_drop_gil(cpu_ms=0.05)
    assert judged.states("a") == [State.HELD] * 6 + [State.WAITING] * 4
    assert judged.origins("a")[-1] == Origin.PREEMPTED


def test_made_to_drop_for_one_that_has_given_the_gil_up_since() -> None:
    judged = preempted_inside_drop_gil(cpu_ms=0.05, held_by="")
    assert judged.states("a")[-4:] == [State.WAITING] * 4


def test_cpu_time_up_to_a_look_with_the_gil_may_be_used_with_it() -> None:
    script = off_the_gil_and_queued().holds("a", CALL, cpu_ms=0.8, queued_ms=2.9)
    assert Judged(script).states("a")[-4:] == [State.WAITING] * 3 + [State.HELD]


@pytest.mark.parametrize(
    "judged",
    [
        preempted_inside_drop_gil(cpu_ms=0.5),
        preempted_inside_drop_gil(cpu_ms=0.05, held_ms=2),
        preempted_inside_drop_gil(cpu_ms=0.05, held_by="", last_holder="a"),
    ],
    ids=["computed", "had it for a moment", "nobody has had it since, or asked for it"],
)
def test_gave_the_gil_up_itself(judged: Judged) -> None:
    assert judged.states("a")[-4:] == [State.RELEASED] * 3 + [State.WAITING]
    assert judged.origins("a")[-1] == Origin.RETURNING


def test_returning_from_a_call() -> None:
    script = Script().at(0).holds("a", HOME).blocks("b", CALL).at(1).holds("a", HOME).waits("b", CALL)
    assert Judged(script).origins("b") == [None, Origin.RETURNING]


def test_returning_from_a_call_that_was_too_short_to_see() -> None:
    script = Script().at(0).holds("b", HOME).at(1).holds("b", CALL).waits("a", HOME)
    script.at(2).holds("a", HOME).waits("b", CALL)
    assert Judged(script).origins("b")[-1] == Origin.RETURNING


def test_new_thread_enters() -> None:
    script = Script().at(0).holds("a", HOME).at(1).holds("a", HOME).waits("b", HOME)
    assert Judged(script).origins("b") == [Origin.ENTERING]


def test_thread_that_waits_from_the_first_pass_on_does_not_enter() -> None:
    script = Script().at(0).holds("a", HOME).waits("b", HOME).waits("c")
    judged = Judged(script)
    assert judged.origins("b") == [Origin.RETURNING]
    assert judged.origins("c") == [Origin.ENTERING]


def test_another_stack_is_another_wait() -> None:
    """A thread's stack does not change unless it has the GIL in between."""
    script = Script().at(0).holds("a", HOME).waits("b", CALL)
    script.at(1).holds("a", HOME).waits("b", HOME, flags=CHECK)
    assert Judged(script).origins("b") == [Origin.RETURNING, Origin.PREEMPTED]


def test_overdue_is_holding_on_after_the_request() -> None:
    script = Script().at(0).holds("a", HOME).waits("b", HOME)
    script.at(1, flags=PassFlag.DROP_REQUEST).holds("a", HOME).waits("b", HOME)
    judged = Judged(script)
    assert judged.column("a", "overdue") == [0, 1]
    assert judged.column("b", "overdue") == [0, 0]


def asked(*cpu_and_queued_ms: tuple[float, float], gap_ms: float = 1.0) -> list[int]:
    """Whether each look at a holder that was asked to drop the GIL is overdue."""
    script = Script().at(0).holds("a", HOME, cpu_ms=1.0).waits("b", HOME)
    for row, (cpu_ms, queued_ms) in enumerate(cpu_and_queued_ms):
        script.at(1 + row * gap_ms, flags=PassFlag.DROP_REQUEST)
        script.holds("a", HOME, cpu_ms=cpu_ms, queued_ms=queued_ms).waits("b", HOME)
    return Judged(script).column("a", "overdue")[1:]


def test_without_a_cpu_it_is_not_overdue() -> None:
    """In the queue from the first look to the fourth; the kernel tells when that is over."""
    assert asked((1, 0), (0, 0), (0, 0), (0, 0), (0.2, 3.5), (1, 0)) == [0, 0, 0, 0, 1, 1]


def test_cpu_time_that_grows_late_was_used_all_the_same() -> None:
    """On a CPU all the time: the kernel adds it up every 4 ms."""
    assert asked((4, 0), (0, 0), (0, 0), (0, 0), (4, 0), (0, 0)) == [1, 1, 1, 1, 1, 1]


def test_queued_for_less_than_the_look_lies_back() -> None:
    """It ran on for 3 ms at least, and queued for the last one."""
    assert asked((4, 0), (0, 0), (0, 0), (0, 0), (3.5, 1)) == [1, 1, 1, 0, 1]


def test_no_cpu_time_for_longer_than_any_tick() -> None:
    assert asked(*[(1, 0)] + [(0, 0)] * 6, gap_ms=50.0) == [0, 0, 0, 1, 1, 1, 1]


def test_blocked_with_the_gil_is_overdue_at_once() -> None:
    script = Script().at(0).holds("a", HOME).waits("b", HOME)
    script.at(1, flags=PassFlag.DROP_REQUEST).holds("a", HOME, syscall=SLEEP).waits("b", HOME)
    classifier = Classifier(INFO)
    facts = script.batch()
    assert classifier.feed(facts.passes, facts.looks).looks.overdue.tolist() == [False, False, True, False]


def test_collection_on_a_stack_that_cannot_be_read() -> None:
    collecting = PassFlag.COLLECTING
    script = Script()
    script.at(0).holds("a", HOME)
    script.at(1, flags=collecting).holds("a", stack=UNREADABLE)
    script.at(2, flags=collecting).holds("a", stack=NONE)
    script.at(3, flags=collecting).holds("a", HOME)
    assert Judged(script).column("a", "gc") == [0, 1, 0, 0]


def test_collection_belongs_to_the_thread_that_set_it_off() -> None:
    collecting = PassFlag.COLLECTING
    script = Script().at(0).holds("a", HOME).waits("b", HOME)
    script.at(1, flags=collecting).holds("a", HOME).waits("b", HOME)
    script.at(2, flags=collecting).holds("a", HOME, "__del__ app.py:30").waits("b", HOME)
    script.at(3, flags=collecting).holds("b", HOME).waits("a", HOME)
    script.at(4).holds("a", HOME).waits("b", HOME)
    judged = Judged(script)
    assert judged.column("a", "gc") == [0, 1, 0, 1, 0]
    assert judged.column("b", "gc") == [0] * 5


def test_kernel_account_counts_what_grew_while_observed() -> None:
    script = Script().at(0).holds("a", HOME, cpu_ms=50).at(1).holds("a", HOME, cpu_ms=1, queued_ms=0.25)
    script.at(11).holds("a", HOME, cpu_ms=5)
    judged = Judged(script)
    assert judged.column("a", "cpu_ns") == [0, 1_000_000, 500_000]
    assert judged.column("a", "queued_ns") == [0, 250_000, 0]
