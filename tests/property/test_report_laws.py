"""The laws of a report hold for whatever was seen, and its fast sums equal the slow ones."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gilprof.model import STATE_NAMES, BlockedIn, Origin, State
from gilprof.report.build import build_report
from gilprof.report.json import dumps
from gilprof.report.model import Selection
from gilprof.report.text import report_text
from tests.support.laws import check_laws
from tests.support.made_up import BOOTSTRAP, STDLIB, MadeUp, Place, Seen

FUNCTIONS = [
    ("work", "/srv/app.py", 10),
    ("work", "/srv/other.py", 10),
    ("Feed.read", "/srv/app.py", 30),
    ("loads", f"{STDLIB}/json/__init__.py", 299),
    ("compute", "/venv/lib/python3.11/site-packages/lib/core.py", 5),
    ("_find_and_load", "<frozen importlib._bootstrap>", 1),
]
places = st.builds(lambda function, at: (*function, function[2] + at), st.sampled_from(FUNCTIONS), st.integers(0, 2))
stacks = st.one_of(
    st.none(),
    st.lists(places, max_size=6).map(tuple),
    st.lists(places, max_size=6).map(lambda frames: (*BOOTSTRAP, *frames)),
)
_WITHOUT_GIL = [State.WAITING, State.RELEASED, State.BLOCKED, State.UNKNOWN]


@st.composite
def passes(draw: st.DrawFn) -> tuple[int, dict[int, Seen], bool]:
    """Milliseconds, looks with one holder at most, and whether the holder could not be told."""
    threads = draw(st.lists(st.integers(0, 4), unique=True, max_size=5))
    holder = draw(st.sampled_from([None, *threads]))
    looks = {}
    for thread in threads:
        held = draw(st.sampled_from([State.HELD, State.HELD_BLOCKED]))
        looks[thread] = Seen(
            state=held if thread == holder else draw(st.sampled_from(_WITHOUT_GIL)),
            stack=draw(stacks),
            where=draw(st.sampled_from(BlockedIn)),
            origin=draw(st.sampled_from(Origin)),
            overdue=draw(st.booleans()),
            gc=thread == holder and draw(st.booleans()),
        )
    # A thread that Python does not know.
    looks[5] = Seen(draw(st.sampled_from([State.RELEASED, State.BLOCKED])), None, python=False)
    return draw(st.integers(1, 20)), looks, draw(st.booleans())


@st.composite
def profiles(draw: st.DrawFn) -> MadeUp:
    profile = MadeUp().threads("MainThread", "worker-1", "worker-2", "io", "\x1b[31mred", "native")
    for milliseconds, looks, torn in draw(st.lists(passes(), max_size=12)):
        profile.add(milliseconds / 1000, looks, torn=torn, passes=milliseconds)
    return profile


@given(profiles())
def test_the_laws_hold(profile: MadeUp) -> None:
    report = json.loads(dumps(build_report(profile)))
    check_laws(report, sigmas=None)


@given(profiles())
def test_totals_count_a_function_once_a_look(profile: MadeUp) -> None:
    """Against the definition, look by look."""
    total: defaultdict[tuple[str, str | None, int | None, str], float] = defaultdict(float)
    for ns, looks, _ in profile.passes:
        for seen in looks.values():
            if seen.python:
                for name, file, line in _on_stack(seen):
                    total[name, file, line, STATE_NAMES[seen.state]] += ns / 1e9
    reported = {
        (f.name, f.file, f.line, state): seconds
        for f in build_report(profile).processes[0].functions
        for state, seconds in f.total.items()
        if seconds
    }
    assert reported == pytest.approx(dict(total))


def _on_stack(seen: Seen) -> set[tuple[str, str | None, int | None]]:
    on: set[tuple[str, str | None, int | None]] = {(name, file, first) for name, file, first, _ in seen.stack or ()}
    if seen.gc:
        on.add(("<GC>", None, None))
    return on or {("<no Python frame>", None, None)}


@given(profiles())
def test_own_functions_by_definition(profile: MadeUp) -> None:
    """``blame.own`` against the rule, look by look."""
    expected: defaultdict[tuple[str, str], float] = defaultdict(float)
    for ns, looks, torn in profile.passes:
        holder = next((_own(s) for s in looks.values() if s.state in (State.HELD, State.HELD_BLOCKED)), None)
        for seen in looks.values():
            if seen.state == State.WAITING:
                expected[holder or ("(torn)" if torn else "(handover)"), _own(seen)] += ns / 1e9
    process = build_report(profile).processes[0]
    names: dict[int | None, str] = {f.id: f"{f.name} {f.file}" for f in process.functions}
    reported = {(names.get(r.holder, f"({r.why})"), names[r.waiter]): r.seconds for r in process.blame.own}
    assert reported == pytest.approx(dict(expected))


def _own(seen: Seen) -> str:
    frames: Sequence[Place] = seen.stack or ()
    if not frames:
        return "<GC> None" if seen.gc else "<no Python frame> None"
    for name, file, _, _ in reversed(frames):
        if file.startswith("/srv/"):
            return f"{name} {file}"
    for name, file, _, _ in reversed(frames):
        if "/site-packages/" in file:
            return f"{name} {file}"
    for name, file, _, _ in frames:
        if not file.endswith("threading.py"):
            return f"{name} {file}"
    return f"{frames[-1][0]} {frames[-1][1]}"


@given(profiles())
def test_own_is_told_of_the_users_functions_only(profile: MadeUp) -> None:
    for function in build_report(profile).processes[0].functions:
        assert function.own == (function.file or "").startswith("/srv/")


@given(profiles(), st.integers(40, 200))
def test_text_fits_and_sends_nothing(profile: MadeUp, width: int) -> None:
    text = report_text(build_report(profile), width)
    assert all(line.isprintable() and len(line) <= width for line in text.splitlines())


@settings(max_examples=50)
@given(profiles(), st.sampled_from(["worker-*", "MainThread", "nobody"]))
def test_a_selection_is_a_part_of_the_whole(profile: MadeUp, pattern: str) -> None:
    whole = build_report(profile)
    rows = {(r.holder, r.why, r.waiter): r.seconds for r in whole.processes[0].blame.threads}
    names = {thread.id: thread.name for thread in whole.processes[0].threads}
    prefix = pattern.removesuffix("*")
    cases: list[tuple[Selection, Callable[[bool, bool], bool]]] = [
        (Selection(waiter=pattern), lambda holds, waits: waits),
        (Selection(holder=pattern), lambda holds, waits: holds),
        (Selection(thread=pattern), lambda holds, waits: holds or waits),
    ]
    for selection, chosen in cases:
        part = build_report(profile, selection)
        assert part.sentence == whole.sentence
        shown = {(r.holder, r.why, r.waiter): r.seconds for r in part.processes[0].blame.threads}
        assert shown == {
            key: seconds
            for key, seconds in rows.items()
            if chosen(key[0] is not None and names[key[0]].startswith(prefix), names[key[2]].startswith(prefix))
        }
        listed = {thread.id for thread in part.processes[0].threads}
        assert all(waiter in listed and (holder is None or holder in listed) for holder, _, waiter in shown)
        functions = {function.id for function in part.processes[0].functions}
        for row in (*part.processes[0].blame.functions, *part.processes[0].blame.own):
            assert row.waiter in functions
            assert row.holder is None or row.holder in functions


@given(profiles())
def test_an_idle_thread_changes_no_other(profile: MadeUp) -> None:
    before = build_report(profile).processes[0]
    profile.passes = [
        (ns, {**looks, 6: Seen(State.BLOCKED, (("idle", "/srv/idle.py", 1, 2),), BlockedIn.SLEEP)}, torn)
        for ns, looks, torn in profile.passes
    ]
    after = build_report(profile).processes[0]
    assert [thread for thread in after.threads if thread.id != 6] == list(before.threads)
    assert after.gils == before.gils
    assert after.blame.threads == before.blame.threads
