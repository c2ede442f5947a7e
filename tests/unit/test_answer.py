"""The answer as a value: which reason comes first, what stands beside it, and who is named."""

from __future__ import annotations

import numpy as np
import pytest

from gilprof.analysis.episodes.histogram import BINS
from gilprof.analysis.episodes.values import LoopSums, StaySums
from gilprof.model import BlockedIn, Origin, State
from gilprof.report.answer.model import Answer, Confidence, Doubt, Keeps, Kind
from gilprof.report.answer.spots import standing_in
from gilprof.report.answer.words import brief
from gilprof.report.build import build_report
from gilprof.report.json import as_json
from tests.support.made_up import BOOTSTRAP, STDLIB, MadeUp, Place, Seen

SITE = "/venv/lib/python3.11/site-packages"
MAIN = (("<module>", "/srv/app.py", 1, 200),)
WORK = (*BOOTSTRAP, ("work", "/srv/app.py", 10, 14))
QUERY = (*BOOTSTRAP, ("query", "/srv/app.py", 30, 33))
EXECUTOR: tuple[Place, ...] = (*BOOTSTRAP, ("_worker", f"{STDLIB}/concurrent/futures/thread.py", 69, 92))
RUN_ONCE = ("BaseEventLoop._run_once", f"{STDLIB}/asyncio/base_events.py", 1880, 1922)
LOOP = (*MAIN, ("run", f"{STDLIB}/asyncio/runners.py", 160, 190), RUN_ONCE)
IN_POLL = (*LOOP, ("EpollSelector.select", f"{STDLIB}/selectors.py", 451, 468))
HANDLE = ("Handle._run", f"{STDLIB}/asyncio/events.py", 78, 84)


def answered(profile: MadeUp) -> Answer:
    return build_report(profile).answer


def sentence(profile: MadeUp) -> str:
    return build_report(profile).sentence


def held(stack: tuple[Place, ...], gc: bool = False) -> Seen:
    return Seen(State.HELD, stack, cpu=1.0, gc=gc)


def released(stack: tuple[Place, ...], queued: float = 0.0) -> Seen:
    return Seen(State.RELEASED, stack, cpu=1.0 - queued, queued=queued)


def waiting(stack: tuple[Place, ...], queued: float = 0.0) -> Seen:
    return Seen(State.WAITING, stack, origin=Origin.RETURNING, queued=queued)


def idle() -> Seen:
    return Seen(State.BLOCKED, EXECUTOR, BlockedIn.LOCK)


def pool(contended: float, queued: float = 0.0) -> MadeUp:
    """Two workers that run without the GIL, but for the ``contended`` share of the time."""
    profile = MadeUp().threads("MainThread", "pool-0", "pool-1")
    main = Seen(State.BLOCKED, MAIN, BlockedIn.LOCK)
    profile.add(1 - contended, {0: main, 1: released(QUERY, queued), 2: released(QUERY, queued)}, passes=400)
    return profile.add(contended, {0: main, 1: held(WORK), 2: waiting(WORK)}, passes=100)


def with_loop(profile: MadeUp) -> MadeUp:
    stays = StaySums(1, np.zeros(BINS), 0, np.zeros(6), ())
    profile.loops = (LoopSums(0, "asyncio", 50_000_000, (), stays),)
    return profile


def test_work_without_the_gil_costs_more_than_a_few_waits() -> None:
    """A tenth of the time with a waiter does not make it the GIL's fault."""
    answer = answered(pool(contended=0.22))
    assert (answer.kind, [reason.kind for reason in answer.reasons]) == (Kind.RELEASED, [Kind.RELEASED])
    assert sentence(pool(contended=0.22)) == (
        "Not the GIL: 1.6 threads run without it on average, most of it in query (app.py:33) in 2 threads (pool-*); "
        "the GIL is waited for 22 % of the time."
    )


def test_cpus_and_work_without_the_gil() -> None:
    answer = answered(pool(contended=0.1, queued=0.5))
    assert [reason.kind for reason in answer.reasons] == [Kind.CPUS, Kind.RELEASED]
    assert answer.confidence is Confidence.FAIR
    assert "Not the GIL: the machine has too few CPUs" in sentence(pool(contended=0.1, queued=0.5))
    assert "of the work runs without the GIL, most of it in query (app.py:33)" in sentence(pool(0.1, queued=0.5))


@pytest.mark.parametrize("contended", [0.62, 0.66, 0.70])
def test_a_near_tie_names_both_in_one_order(contended: float) -> None:
    """Two runs of one program differ by some points; what they are told does not."""
    answer = answered(pool(contended))
    assert [reason.kind for reason in answer.reasons] == [Kind.GIL, Kind.RELEASED]
    assert "of the work runs without the GIL" in sentence(pool(contended))


def test_waiting_for_want_of_a_cpu_is_not_the_gils_cost() -> None:
    profile = MadeUp().threads("a", "b").add(1, {0: waiting(WORK, queued=1.0), 1: held(QUERY)}, passes=500)
    answer = answered(profile)
    assert answer.kind is Kind.CPUS
    assert {reason.kind: round(reason.threads_mean, 3) for reason in answer.reasons} == {Kind.CPUS: 1.0, Kind.GIL: 0.0}


def test_one_thread_is_the_limit_only_where_it_is() -> None:
    def half(share: float) -> MadeUp:
        profile = MadeUp().threads("MainThread", "w")
        profile.add(share, {0: held(MAIN), 1: idle()}, passes=500)
        return profile.add(1 - share, {0: Seen(State.BLOCKED, MAIN, BlockedIn.POLL), 1: idle()}, passes=500)

    assert answered(half(0.97)).kind is Kind.ONE_THREAD
    assert sentence(half(0.58)) == (
        "Not the GIL: MainThread has the GIL 58 % of its time and is blocked 42 % of it (in poll 42 %); the GIL is "
        "waited for 0 % of the time."
    )


def test_a_callback_that_blocks_the_loop() -> None:
    profile = MadeUp().threads("MainThread", "pool-0")
    stuck = (*LOOP, HANDLE, ("B.get", "/srv/app.py", 9, 10))
    profile.add(0.8, {0: Seen(State.BLOCKED, stuck, BlockedIn.SLEEP), 1: idle()}, passes=500)
    profile.add(0.2, {0: Seen(State.BLOCKED, IN_POLL, BlockedIn.POLL), 1: idle()}, passes=500)
    with_loop(profile)
    assert answered(profile).kind is Kind.LOOP
    assert sentence(profile) == (
        "The event loop in thread MainThread stands still 80 % of its time: 80 % in the callback B.get (app.py:10), "
        "asleep; the GIL is waited for 0 % of the time."
    )
    assert brief(answered(profile)).startswith("The event loop in thread MainThread stands still 80 %: ")


def test_a_loop_that_waits_for_the_gil() -> None:
    """The wait counts wherever it is: back from the poll, or in a callback."""
    profile = MadeUp().threads("MainThread", "asyncio_0")
    profile.add(0.5, {0: waiting(LOOP), 1: held(WORK)}, passes=500)
    profile.add(0.3, {0: waiting((*LOOP, HANDLE, ("tick", "/srv/app.py", 3, 4))), 1: held(WORK)}, passes=500)
    profile.add(0.2, {0: Seen(State.BLOCKED, IN_POLL, BlockedIn.POLL), 1: held(WORK)}, passes=500)
    answer = answered(with_loop(profile))
    assert [reason.kind for reason in answer.reasons] == [Kind.LOOP, Kind.GIL]
    assert "stands still 80 % of its time: 80 % waiting for the GIL, mostly for work (app.py:14) in thread" in sentence(
        with_loop(profile)
    )


def test_a_loop_that_polls_is_no_answer() -> None:
    profile = MadeUp().threads("MainThread")
    profile.add(1, {0: Seen(State.BLOCKED, IN_POLL, BlockedIn.POLL)}, passes=500)
    assert answered(with_loop(profile)).kind is Kind.BLOCKED


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("A.get.<locals>.<lambda>.<locals>.<genexpr>", "A.get"),
        ("load.<locals>.<listcomp>", "load"),
        ("outer.<locals>.inner", "outer.<locals>.inner"),
        ("f", "f"),
    ],
)
def test_what_stands_in_a_function_is_that_function(name: str, function: str) -> None:
    assert standing_in(name) == function


def test_expressions_count_for_the_function_they_stand_in() -> None:
    profile = MadeUp().threads("MainThread", "pool-0")
    for name, line in (("A.get.<locals>.<lambda>", 7), ("A.get.<locals>.<lambda>.<locals>.<genexpr>", 7), ("A.get", 6)):
        profile.add(1, {0: waiting(MAIN), 1: held((*BOOTSTRAP, (name, "/srv/app.py", line, line)))}, passes=200)
    spot = answered(profile).first.culprit
    assert spot is not None
    assert (spot.name, spot.line) == ("A.get", 7)
    assert "100 % of all waiting is for A.get (app.py:7) in thread pool-0" in sentence(profile)


def test_packages_before_the_standard_library() -> None:
    """The innermost frame of a package is named, with the package, not the pool's own loop under it."""
    profile = MadeUp().threads("MainThread", "pool-0")
    script = ("<module>", "/venv/bin/gunicorn", 1, 8)
    stack = (*EXECUTOR, ("Flask.wsgi_app", f"{SITE}/flask/app.py", 1470, 1478))
    profile.add(0.6, {0: waiting((script,)), 1: held(stack)}, passes=500)
    profile.add(0.4, {0: waiting((script,)), 1: held(EXECUTOR)}, passes=500)
    spot = answered(profile).first.culprit
    assert spot is not None
    assert (spot.name, spot.package) == ("Flask.wsgi_app", "flask")
    assert "60 % of all waiting is for Flask.wsgi_app (flask/app.py:1478) in thread pool-0" in sentence(profile)


def test_many_functions_of_a_package_are_added_up() -> None:
    profile = MadeUp().threads("MainThread", "pool-0")
    for number in range(8):
        stack = (*EXECUTOR, (f"step_{number}", f"{SITE}/werkzeug/m{number}.py", 10, 11))
        profile.add(0.1, {0: waiting(MAIN), 1: held(stack)}, passes=100)
    profile.add(0.2, {0: waiting(MAIN), 1: held(EXECUTOR)}, passes=100)
    spot = answered(profile).first.culprit
    assert spot is not None
    assert (spot.many_of, spot.function) == ("werkzeug", None)
    assert "80 % of the waiting is for many functions of werkzeug, step_0 (werkzeug/m0.py:11) in" in sentence(profile)


def test_the_standard_library_is_named_where_there_is_nothing_else() -> None:
    profile = MadeUp().threads("MainThread", "pool-0").add(1, {0: waiting(MAIN), 1: held(EXECUTOR)}, passes=500)
    assert "for what concurrent/futures/thread.py of the standard library calls, in thread pool-0" in sentence(profile)


def test_collections_are_worth_a_clause_from_a_tenth_on() -> None:
    def collects(share: float) -> MadeUp:
        profile = MadeUp().threads("MainThread", "pool-0")
        profile.add(1 - share, {0: waiting(MAIN), 1: held(WORK)}, passes=500)
        return profile.add(share, {0: waiting(MAIN), 1: held(WORK, gc=True)}, passes=500)

    assert "20 % of the waiting is for garbage collection" in sentence(collects(0.2))
    assert "garbage" not in sentence(collects(0.05))
    most = answered(collects(0.7))
    assert most.first.keeps is Keeps.COLLECTING
    assert sentence(collects(0.7)).count("garbage") == 1


def test_states_that_the_kernel_contradicts() -> None:
    """The kernel has seen the thread on a CPU for half of the time that it is shown as running in."""
    profile = MadeUp().threads("MainThread")
    profile.add(1, {0: Seen(State.HELD, MAIN, cpu=0.5)}, passes=5000)
    answer = answered(profile)
    assert (answer.confidence, answer.doubts) == (Confidence.LOW, (Doubt.KERNEL_DISAGREES,))
    assert "; the states are 4" in sentence(profile)
    agreeing = MadeUp().threads("MainThread").add(1, {0: Seen(State.HELD, MAIN, cpu=0.98)}, passes=5000)
    assert answered(agreeing).doubts == ()


def test_the_answer_is_in_the_json() -> None:
    value = as_json(build_report(pool(contended=0.9)))["answer"]
    assert (value["kind"], value["confidence"]) == ("gil", "high")
    assert value["reasons"][0]["culprit"]["name"] == "work"
    assert value["reasons"][0]["keeps"] == "python_or_short_calls"
