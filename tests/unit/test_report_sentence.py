"""The sentence: each case, and what it names."""

from __future__ import annotations

import pytest

from gilprof.model import BlockedIn, Origin, State
from gilprof.report.build import build_report
from tests.support.made_up import BOOTSTRAP, STDLIB, MadeUp, Place, Seen


def app(name: str, line: int, file: str = "/srv/app.py") -> tuple[Place, ...]:
    return (*BOOTSTRAP, (name, file, line - 5, line))


MAIN = (("<module>", "/srv/app.py", 1, 200),)
LOOP = app("loop", 20)
FEED = (*app("Parser.feed", 88, "/srv/ingest.py"), ("loads", f"{STDLIB}/json/__init__.py", 299, 346))
IDLE_WORKER = (*BOOTSTRAP, ("_worker", f"{STDLIB}/concurrent/futures/thread.py", 69, 81))


def waiting(stack: tuple[Place, ...], origin: Origin = Origin.PREEMPTED) -> Seen:
    return Seen(State.WAITING, stack, origin=origin)


def held(stack: tuple[Place, ...], overdue: bool = False, gc: bool = False) -> Seen:
    return Seen(State.HELD, stack, overdue=overdue, gc=gc)


def blocked(stack: tuple[Place, ...], where: BlockedIn) -> Seen:
    return Seen(State.BLOCKED, stack, where)


def said(profile: MadeUp) -> str:
    return build_report(profile).sentence


def two_threads(holder: Seen, waiter: Seen, share: float = 0.75) -> MadeUp:
    """``feeder`` has the GIL for ``share`` of the time, and MainThread waits; then the other way round."""
    profile = MadeUp().threads("MainThread", "feeder")
    profile.add(share, {0: waiter, 1: holder})
    return profile.add(1 - share, {0: held(MAIN), 1: waiting(FEED)})


def test_c_code_that_keeps_it() -> None:
    assert said(two_threads(held(FEED, overdue=True), waiting(MAIN))) == (
        "The GIL is busy 100 % of the time and 1.0 thread waits for it on average: 75 % of the waiting is for "
        "Parser.feed (ingest.py:88) in thread feeder, C code that keeps it."
    )


def test_python_code() -> None:
    assert said(two_threads(held(FEED), waiting(MAIN))).endswith(
        "75 % of the waiting is for Parser.feed (ingest.py:88) in thread feeder, Python code or short C calls."
    )


def test_the_hottest_line_is_named() -> None:
    profile = MadeUp().threads("MainThread", "feeder")
    profile.add(0.1, {0: waiting(MAIN), 1: held(app("loop", 20))})
    profile.add(0.9, {0: waiting(MAIN), 1: held((*BOOTSTRAP, ("loop", "/srv/app.py", 15, 21)))})
    assert "100 % of the waiting is for loop (app.py:21) in thread feeder" in said(profile)


def test_blocked_with_the_gil() -> None:
    stuck = Seen(State.HELD_BLOCKED, FEED, BlockedIn.IO, overdue=True)
    assert said(two_threads(stuck, waiting(MAIN))).endswith("in thread feeder, which is blocked while it has the GIL.")


def test_garbage_collection() -> None:
    assert said(two_threads(held(FEED, overdue=True, gc=True), waiting(MAIN))).endswith(
        "in thread feeder, garbage collection that it sets off."
    )


def test_convoy() -> None:
    assert said(two_threads(held(LOOP), waiting(MAIN, Origin.RETURNING))).endswith(
        "75 % of the waiting is of threads that return from calls and want it back, 75 % of all waiting is for loop "
        "(app.py:20) in thread feeder, Python code or short C calls."
    )


def test_threads_share_it_evenly() -> None:
    profile = MadeUp().threads("spin-0", "spin-1", "spin-2")
    for holder in range(3):
        profile.add(1, {thread: held(LOOP) if thread == holder else waiting(LOOP) for thread in range(3)})
    assert said(profile) == (
        "The GIL is busy 100 % of the time and 2.0 threads wait for it on average: 100 % of the waiting is for loop "
        "(app.py:20) in 3 threads (spin-*), Python code or short C calls that share it evenly."
    )


def test_spread_over_many_functions() -> None:
    profile = MadeUp().threads("MainThread", "feeder")
    for number in range(6):
        profile.add(1, {0: waiting(MAIN), 1: held(app(f"step_{number}", 20 + number))})
    assert said(profile).endswith(
        "100 % of the waiting is for many functions of app.py, step_0 (app.py:20) in thread feeder has the most, 17 % "
        "of it."
    )


def test_spread_over_many_files() -> None:
    profile = MadeUp().threads("MainThread", "feeder")
    for number in range(6):
        profile.add(1, {0: waiting(MAIN), 1: held(app(f"step_{number}", 20, f"/srv/step_{number}.py"))})
    assert (
        "the waiting is spread over many functions, step_0 (step_0.py:20) in thread feeder has the most, 17 %"
        in said(profile)
    )


def test_hand_over() -> None:
    profile = MadeUp().threads("MainThread", "feeder")
    profile.add(0.8, {0: waiting(MAIN), 1: waiting(FEED)})
    profile.add(0.2, {0: waiting(MAIN), 1: held(FEED)})
    assert "for 89 % of the waiting nobody has it" in said(profile)


def test_the_holder_has_no_cpu() -> None:
    profile = MadeUp().threads("MainThread", "feeder")
    profile.add(1, {0: waiting(MAIN), 1: Seen(State.HELD, FEED, cpu=0.5, queued=0.5)})
    assert said(profile) == (
        "The machine has too few CPUs, 0.50 threads stand ready without one and 0.50 run on average; the GIL is busy "
        "100 % of the time and 1.0 thread waits for it on average: 100 % of the waiting is for Parser.feed "
        "(ingest.py:88) in thread feeder, which stands ready without a CPU while it has the GIL."
    )


def test_too_few_cpus() -> None:
    released = Seen(State.RELEASED, FEED, cpu=0.5, queued=0.5)
    profile = (
        MadeUp().threads("MainThread", "a", "b").add(1, {0: blocked(MAIN, BlockedIn.LOCK), 1: released, 2: released})
    )
    assert said(profile) == (
        "Not the GIL: the machine has too few CPUs, 1.0 threads stand ready without one and 1.0 run on average; 100 % "
        "of the work runs without the GIL, most of it in Parser.feed (ingest.py:88) in threads a and b; the GIL is "
        "waited for 0 % of the time."
    )


def test_threads_run_without_it() -> None:
    released = Seen(State.RELEASED, FEED, cpu=1)
    profile = (
        MadeUp()
        .threads("MainThread", "w-1", "w-2")
        .add(1, {0: blocked(MAIN, BlockedIn.LOCK), 1: released, 2: released})
    )
    assert said(profile) == (
        "Not the GIL: 2.0 threads run without it on average, most of it in Parser.feed (ingest.py:88) in 2 threads "
        "(w-*); the GIL is waited for 0 % of the time."
    )


def test_one_thread_is_the_limit() -> None:
    profile = MadeUp().threads("MainThread", "w-1")
    profile.add(0.98, {0: held(MAIN), 1: blocked(IDLE_WORKER, BlockedIn.LOCK)})
    profile.add(0.02, {0: waiting(MAIN), 1: held(LOOP)})
    assert said(profile) == (
        "The GIL is busy 100 % of the time, but it is waited for 2.0 % of it: one thread is the limit, MainThread has "
        "it 98 % of its time."
    )


def test_threads_take_turns() -> None:
    profile = MadeUp().threads("MainThread", "w-1")
    profile.add(0.5, {0: held(MAIN), 1: blocked(IDLE_WORKER, BlockedIn.LOCK)})
    profile.add(0.5, {0: blocked(MAIN, BlockedIn.LOCK), 1: held(LOOP)})
    assert "2 threads take turns without getting in each other's way" in said(profile)


def test_blocked_on_one_lock() -> None:
    """The main thread that joins, and idle workers of a pool, are not what the lock is about."""
    take = app("Pool.take", 88, "/srv/pool.py")
    everybody = {0: blocked(MAIN, BlockedIn.LOCK), 9: blocked(IDLE_WORKER, BlockedIn.LOCK)}
    profile = MadeUp().threads("MainThread", *(f"worker-{n}" for n in range(9)))
    for runs in range(1, 6):
        workers = {n: blocked(app("query", 9), BlockedIn.IO) if n == runs else blocked(take, BlockedIn.LOCK)
                   for n in range(1, 6)}  # fmt: skip
        profile.add(1, {**everybody, **workers})
    assert said(profile) == (
        "Not the GIL: 5 threads (worker-*) are blocked 80 % of their time on a lock at pool.py:88; the GIL is waited "
        "for 0 % of the time."
    )


def test_waits_for_io() -> None:
    profile = MadeUp().threads("MainThread", "w-1")
    profile.add(0.75, {0: blocked(MAIN, BlockedIn.IO), 1: blocked(LOOP, BlockedIn.IO)})
    profile.add(0.25, {0: blocked(MAIN, BlockedIn.POLL), 1: blocked(LOOP, BlockedIn.SLEEP)})
    assert said(profile).startswith(
        "Not the GIL: the 2 Python threads are blocked 100 % of their time (in I/O 75 % and"
    )


def test_one_idle_thread() -> None:
    profile = MadeUp().threads("MainThread").add(1, {0: blocked(MAIN, BlockedIn.SLEEP)})
    assert said(profile) == (
        "Not the GIL: the one Python thread is blocked 100 % of its time (asleep 100 %); the GIL is held 0 % and "
        "waited for 0 % of the time."
    )


def test_nothing_of_all_this() -> None:
    profile = MadeUp().threads("MainThread")
    profile.add(0.6, {0: Seen(State.UNKNOWN, MAIN)}).add(0.4, {0: held(MAIN)})
    assert said(profile) == "Not the GIL: the GIL is held 40 % and waited for 0 % of the time."


def test_no_python_thread() -> None:
    profile = MadeUp().threads("native").add(1, {0: Seen(State.BLOCKED, None, python=False)})
    assert said(profile) == "Not the GIL: no thread that Python knows was seen."


def test_no_data() -> None:
    assert said(MadeUp()) == "Nothing can be said: the process was not observed at all."


@pytest.mark.parametrize("name", ["\x1b[2Jfeeder", "fee\nder", "[red]feeder", "\ud800", "‮feeder"])
def test_names_are_shown_never_sent(name: str) -> None:
    profile = MadeUp().threads("MainThread", name)
    profile.add(1, {0: waiting(MAIN), 1: held(app(name, 20))})
    assert said(profile).isprintable()


def test_unreadable_holder() -> None:
    profile = MadeUp().threads("MainThread", "feeder")
    profile.add(1, {0: waiting(MAIN), 1: Seen(State.HELD, None)})
    assert "100 % of the waiting is for <no Python frame> in thread feeder" in said(profile)
