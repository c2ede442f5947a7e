"""Spans of functions from made-up looks."""

from __future__ import annotations

import re
from dataclasses import replace
from inspect import CO_COROUTINE, CO_GENERATOR

import pytest

from gilprof.analysis.profile import Profile
from gilprof.model import STATE_NAMES
from gilprof.report.build import build_report
from gilprof.report.model import Span
from gilprof.report.text import report_text
from tests.support.facts import INFO, Script, cut

MAIN, SPIN = "main app.py:1", "spin app.py:40"
HANDLE, PARSE = "Consumer.handle app.py:10", "parse app.py:20"


def spans(script: Script, *names: str, ends: tuple[int, ...] = ()) -> tuple[Span, ...]:
    profile = Profile(INFO, spans=names)
    for batch in cut(script.batch(), list(ends)):
        profile.add(batch)
    profile.finish()
    return build_report(profile).processes[0].spans


def text_of(script: Script, *names: str) -> str:
    profile = Profile(INFO, spans=names)
    profile.add(script.batch())
    profile.finish()
    return report_text(build_report(profile), 300)


def requests(lengths_ms: list[int]) -> Script:
    """A worker that handles one request after the other, each half waiting for ``spin``, half blocked; 5 ms between."""
    script, ms = Script(), 0

    def between(count: int) -> None:
        nonlocal ms
        for _ in range(count):
            script.at(ms).blocks("worker", MAIN).holds("spin", SPIN)
            ms += 1

    between(5)
    for length_ms in lengths_ms:
        for n in range(length_ms):
            script.at(ms)
            if n < length_ms // 2:
                script.waits("worker", MAIN, HANDLE, PARSE)
            else:
                script.blocks("worker", MAIN, HANDLE)
            script.holds("spin", SPIN)
            ms += 1
        between(5)
    return script


def test_each_call_is_a_span() -> None:
    (span,) = spans(requests([10, 20, 60]), "Consumer.handle")
    assert (span.name, span.seen, span.count) == ("Consumer.handle", 3, 3)
    assert span.max_s == pytest.approx(0.060, abs=1e-4)
    assert span.p50_s == pytest.approx(0.020, rel=0.06)
    assert span.seconds["waiting"] == pytest.approx(0.045, abs=1e-3)
    assert span.seconds["blocked"] == pytest.approx(0.045, abs=1e-3)
    assert sum(span.seconds.values()) == pytest.approx(0.090, abs=1e-3)


def test_the_slowest_and_whom_they_waited_for() -> None:
    (span,) = spans(requests([10, 20, 60]), "Consumer.handle")
    assert [slow.seconds for slow in span.slowest] == pytest.approx([0.060, 0.020, 0.010], abs=1e-4)
    slow = span.slowest[0]
    assert slow.start_s == pytest.approx(0.0445, abs=1e-4)
    assert slow.error_s == pytest.approx(0.001, abs=1e-4)
    (culprit,) = slow.waited_for
    assert culprit.thread == 1
    assert culprit.line == 40
    assert culprit.seconds == pytest.approx(0.030, abs=1e-3)
    assert set(slow.states) == set(STATE_NAMES)


@pytest.mark.parametrize("pattern", ["Consumer.*", "*.handle", "Consumer.handle"])
def test_patterns(pattern: str) -> None:
    assert spans(requests([10]), pattern)[0].seen == 1


def test_a_name_that_is_not_there() -> None:
    (span,) = spans(requests([10]), "Consumer.nothing")
    assert (span.seen, span.p50_s, span.slowest) == (0, None, ())
    assert "Span Consumer.nothing: never seen on a stack" in text_of(requests([10]), "Consumer.nothing")
    assert "Span Consumer.handle" not in text_of(requests([10]), "Consumer.handle")


def test_coroutines_are_seen_only_while_they_run() -> None:
    batch = requests([10, 20, 60]).batch()
    flags = {"Consumer.handle": CO_COROUTINE, "parse": CO_GENERATOR}
    batch = replace(batch, functions=tuple(replace(f, flags=flags.get(f.name, 3)) for f in batch.functions))
    profile = Profile(INFO, spans=["Consumer.handle", "parse", "spin"])
    profile.add(batch)
    profile.finish()
    report = build_report(profile)
    assert [span.only_running for span in report.processes[0].spans] == [True, True, False]
    assert "Span Consumer.handle: a coroutine or generator, only its running is seen" in report_text(report, 300)


def test_several_names_in_their_order() -> None:
    assert [(span.name, span.seen) for span in spans(requests([10, 10]), "parse", "Consumer.handle")] == [
        ("parse", 2),
        ("Consumer.handle", 2),
    ]


def test_recursion_is_one_span() -> None:
    script = Script().at(0).blocks("w", MAIN)
    for ms in range(1, 9):
        script.at(ms).holds("w", MAIN, *[HANDLE] * (1 + ms % 3))
    script.at(9).blocks("w", MAIN)
    assert spans(script, "Consumer.handle")[0].seen == 1


def test_an_unreadable_look_belongs_to_the_span_around_it() -> None:
    script = Script().at(0).blocks("w", MAIN)
    for ms in range(1, 9):
        script.at(ms).holds("w", MAIN, HANDLE, **({"stack": -2} if ms == 4 else {}))
    script.at(9).blocks("w", MAIN)
    (span,) = spans(script, "Consumer.handle")
    assert span.seen == 1
    assert span.max_s == pytest.approx(0.008, abs=1e-4)


def test_a_span_under_way_at_the_edges_has_no_bounds() -> None:
    script = Script()
    for ms in range(20):
        script.at(ms).holds("w", MAIN, HANDLE)
    (slow,) = spans(script, "Consumer.handle")[0].slowest
    assert slow.error_s is None
    assert slow.seconds == pytest.approx(0.019, abs=1e-3)


def test_a_thread_that_ends_inside() -> None:
    script = Script().at(0).blocks("w", MAIN).holds("o", MAIN)
    for ms in range(1, 9):
        script.at(ms).waits("w", MAIN, HANDLE).holds("o", MAIN)
    for ms in range(9, 15):
        script.at(ms).holds("o", MAIN)
    (span,) = spans(script, "Consumer.handle")
    assert span.max_s == pytest.approx(0.008, abs=1e-4)


@pytest.mark.parametrize("every", [1, 3, 50])
def test_batches_change_nothing(every: int) -> None:
    script = requests([10, 3, 60, 1, 25])
    assert spans(script, "Consumer.handle") == spans(script, "Consumer.handle", ends=tuple(range(every, 120, every)))


def test_in_the_text() -> None:
    profile = Profile(INFO, spans=["Consumer.handle"])
    profile.add(requests([10, 20, 60]).batch())
    profile.finish()
    text = report_text(build_report(profile), 120)
    assert "Spans: stays of functions on a thread's stack" in text
    assert "Slowest spans of Consumer.handle" in text
    assert "spin: spin (app.py:40)" in text


def test_short_ones_are_counted_by_the_chance_of_being_seen() -> None:
    """Each is seen at one look of two edges of a millisecond: a millisecond long, below resolution."""
    (span,) = spans(requests([1] * 50), "Consumer.handle")
    assert span.seen == 50
    assert span.p50_s is None
    assert span.at_least
    text = text_of(requests([1] * 50), "Consumer.handle")
    assert re.search(r"^Consumer.handle +≥50 ", text, re.M)
    assert "Span Consumer.handle: at least 50, as many are too short for gaps of 1.00 ms between passes" in text
    assert not spans(requests([10, 20, 60]), "Consumer.handle")[0].at_least


def test_calls_that_cannot_be_told_apart_are_said_to_be() -> None:
    script = Script()
    for ms in range(400):
        script.at(ms).holds("w", MAIN, HANDLE)
    profile = Profile(INFO, spans=["Consumer.handle"])
    profile.add(script.batch())
    profile.finish()
    text = report_text(build_report(profile), 300)
    assert "! Consumer.handle was on a stack nearly all the time: calls that follow one another within a gap" in text
