"""Event loops from made-up looks."""

from __future__ import annotations

import pytest

from gilprof.analysis.profile import Profile
from gilprof.report.build import build_report
from gilprof.report.model import Loop
from gilprof.report.text import report_text
from tests.support.facts import INFO, POLL, Script, cut

LIB = "/usr/lib/python3.11"
MAIN = "main app.py:1"
RUN = (MAIN, f"Runner.run {LIB}/asyncio/runners.py:118", f"BaseEventLoop.run_forever {LIB}/asyncio/base_events.py:640")
ONCE = (*RUN, f"BaseEventLoop._run_once {LIB}/asyncio/base_events.py:1922")
SELECT = (
    *RUN,
    f"BaseEventLoop._run_once {LIB}/asyncio/base_events.py:1884",
    f"EpollSelector.select {LIB}/selectors.py:468",
)
HANDLE = (*ONCE, f"Handle._run {LIB}/asyncio/events.py:80")
PARSE, QUERY, SPIN = "parse app.py:20", "query app.py:30", "spin app.py:40"


def profiled(script: Script, ends: tuple[int, ...] = ()) -> Profile:
    profile = Profile(INFO)
    for batch in cut(script.batch(), list(ends)):
        profile.add(batch)
    profile.finish()
    return profile


def loops(script: Script, ends: tuple[int, ...] = ()) -> tuple[Loop, ...]:
    return build_report(profiled(script, ends)).processes[0].loops


def service(
    *callbacks: tuple[str, int, bool], base: tuple[str, ...] = HANDLE, poll: tuple[str, ...] = SELECT
) -> Script:
    """A loop that polls for 5 ms between callbacks: its frame, milliseconds, and whether it waits for ``spin``."""
    script, ms = Script(), 0

    def polls() -> None:
        nonlocal ms
        for _ in range(5):
            script.at(ms).blocks("loop", *poll, syscall=POLL)
            ms += 1

    polls()
    for frame, length_ms, waits in callbacks:
        for _ in range(length_ms):
            script.at(ms)
            if waits:
                script.holds("spinner", SPIN).waits("loop", *base, frame)
            else:
                script.holds("loop", *base, frame)
            ms += 1
        polls()
    return script


def test_callbacks_are_stays() -> None:
    (loop,) = loops(service((PARSE, 10, False), (QUERY, 20, False)))
    assert (loop.kind, loop.seen, loop.held_up) == ("asyncio", 2, 0)
    assert loop.max_s == pytest.approx(0.020, abs=1e-4)
    assert loop.seconds["held"] == pytest.approx(0.030, abs=1e-3)


def test_who_held_the_loop_up() -> None:
    script = service((PARSE, 60, False), (PARSE, 80, False), (QUERY, 70, True), (QUERY, 10, False))
    process = build_report(profiled(script)).processes[0]
    (loop,) = process.loops
    functions = {function.id: function.name for function in process.functions}
    assert loop.held_up == 3
    itself, waiting = loop.held_up_by
    assert (itself.count, functions[itself.function or 0], itself.waiting_for) == (2, "parse", None)
    assert (waiting.count, waiting.function) == (1, None)
    assert process.threads[[row.id for row in process.threads].index(waiting.waiting_for or 0)].name == "spinner"
    text = report_text(build_report(profiled(script)), 200)
    line = "Event loop in loop (asyncio): stands still 90 % of its time (29 % waiting for the GIL), held up 3 times "
    line += "longer than 50.0 ms: 2 by parse (app.py:1) itself, "
    assert line + "1 waiting for the GIL of spinner" in text


def test_callbacks_one_after_the_other_are_told_apart_by_their_functions() -> None:
    script = Script()
    script.at(0).blocks("loop", *SELECT, syscall=POLL)
    for ms in range(1, 81):
        script.at(ms).holds("loop", *HANDLE, PARSE if ms <= 40 else QUERY)
    script.at(81).blocks("loop", *SELECT, syscall=POLL)
    (loop,) = loops(script)
    assert (loop.seen, loop.held_up) == (2, 0)


def test_a_look_at_the_loop_itself_ends_a_callback() -> None:
    script = Script()
    script.at(0).blocks("loop", *SELECT, syscall=POLL)
    for ms in range(1, 81):
        script.at(ms).holds("loop", *(ONCE if ms == 40 else (*HANDLE, PARSE)))
    script.at(81).blocks("loop", *SELECT, syscall=POLL)
    assert loops(script)[0].seen == 2


def test_a_loop_without_frames_of_its_own() -> None:
    """uvloop: callbacks stand right on what runs the loop."""
    runner = (MAIN, f"Runner.run {LIB}/asyncio/runners.py:118")
    (loop,) = loops(service((PARSE, 60, False), base=runner, poll=runner))
    assert (loop.kind, loop.seen, loop.held_up) == ("runner", 1, 1)


def test_uvloop_where_it_runs_the_loop_itself() -> None:
    """``uvloop.run`` of 3.12: the coroutine that it wraps around is the loop's too."""
    uvloop = "/srv/site-packages/uvloop/__init__.py"
    run = (MAIN, f"run {uvloop}:109", f"run {LIB}/asyncio/runners.py:194", f"Runner.run {LIB}/asyncio/runners.py:118")
    base = (*run, f"run.<locals>.wrapper {uvloop}:61")
    (loop,) = loops(service((PARSE, 60, False), base=base, poll=run))
    assert (loop.kind, loop.seen, loop.held_up) == ("uvloop", 1, 1)


def test_greenlets() -> None:
    """gevent: each greenlet has a stack of its own, without the hub's."""
    hub = ("Hub.run /srv/site-packages/gevent/hub.py:646",)
    (loop,) = loops(service((PARSE, 60, False), (QUERY, 10, False), base=(), poll=hub))
    assert (loop.kind, loop.seen, loop.held_up) == ("gevent", 2, 1)


@pytest.mark.parametrize("asyncio", [False, True])
def test_greenlets_of_eventlet(asyncio: bool) -> None:
    hubs = "/srv/site-packages/eventlet/hubs"
    hub = (f"BaseHub.run {hubs}/hub.py:371",)
    poll: tuple[str, ...] = (*hub, f"Hub.wait {hubs}/poll.py:80")
    if asyncio:
        poll = (f"Hub.run {hubs}/asyncio.py:180", *SELECT[2:])
    (loop,) = loops(service((PARSE, 60, False), (QUERY, 20, False), base=(), poll=poll))
    assert (loop.kind, loop.seen, loop.held_up) == ("eventlet", 2, 1)


def test_no_loop() -> None:
    script = Script()
    for ms in range(10):
        script.at(ms).holds("a", MAIN, PARSE)
    assert loops(script) == ()


@pytest.mark.parametrize("every", [1, 7, 50])
def test_batches_change_nothing(every: int) -> None:
    script = service((PARSE, 60, False), (QUERY, 70, True), (QUERY, 3, False))
    assert loops(script) == loops(script, tuple(range(every, 150, every)))
