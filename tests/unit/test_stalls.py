"""Stalls from made-up looks: a hold that keeps others waiting is one, many short holds are one while they last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import pytest

from gilprof.analysis.episodes.stalls import KEPT, SO_FAR_NS
from gilprof.analysis.episodes.values import Stall, StallSums
from gilprof.analysis.profile import Profile
from gilprof.model import Batch, PassFlag
from gilprof.report.build import build_report
from gilprof.report.stalls import StallWords
from gilprof.report.text import report_text
from tests.support.facts import INFO, START_NS, Script, cut

LIMIT_NS = 50_000_000
MAIN, FEED, STEP = "main app.py:1", "feed ingest.py:88", "step app.py:14"


def profiled(script: Script, ends: tuple[int, ...] = ()) -> tuple[Profile, list[Stall]]:
    """What the batches, cut at these passes, come to, and what was told on the way."""
    profile, told = Profile(INFO, stall_ns=LIMIT_NS), []
    for batch in cut(script.batch(), list(ends)):
        profile.add(batch)
        told += profile.new_stalls()
    profile.finish()
    return profile, told + profile.new_stalls()


def found(profile: Profile) -> StallSums:
    sums = profile.sums().stalls
    assert sums is not None
    return sums


def hold(script: Script, first_ms: int, last_ms: int, holder: str, *waiters: str, frame: str = FEED) -> Script:
    """``holder`` has the GIL at every millisecond, and the others wait for it."""
    for ms in range(first_ms, last_ms + 1):
        script.at(ms).holds(holder, MAIN, frame)
        for waiter in waiters:
            script.waits(waiter, MAIN, STEP)
    return script


def rest(script: Script, first_ms: int, last_ms: int, *threads: str) -> Script:
    """Nobody has the GIL, and nobody wants it."""
    for ms in range(first_ms, last_ms + 1):
        script.at(ms)
        for thread in threads:
            script.blocks(thread, MAIN)
    return script


def one_hold() -> Script:
    """80 ms for which feeder has the GIL; a waits for all of it, b from half of it on."""
    script = rest(Script(), 0, 9, "feeder", "a", "b")
    for ms in range(10, 90):
        script.at(ms).holds("feeder", MAIN, FEED).waits("a", MAIN, STEP)
        script.waits("b", MAIN, STEP) if ms >= 50 else script.blocks("b", MAIN)
    return rest(script, 90, 99, "feeder", "a", "b")


def test_a_hold_that_keeps_others_waiting() -> None:
    profile, told = profiled(one_hold())
    (stall,) = told
    assert found(profile).count == 1
    assert found(profile).latest == (stall,)
    assert (stall.start_ns - START_NS) / 1e6 == pytest.approx(9.5, abs=0.1)
    assert stall.length_ns / 1e6 == pytest.approx(80, abs=0.1)
    feeder, a, b = (profile.definitions.threads[n].id for n in range(3))
    assert stall.held is not None
    assert stall.held.thread == feeder
    assert [thread for thread, _ in stall.victims] == [a, b]
    assert [ns / 1e6 for _, ns in stall.victims] == pytest.approx([80, 40], abs=0.1)


def test_the_line_and_the_stack() -> None:
    profile, told = profiled(one_hold())
    words = StallWords(profile.info, profile.definitions)
    assert words.line(told[0]) == "stall 22:15:00.009 80.0 ms feed (ingest.py:88) in feeder, kept 2 waiting: a, b"
    assert list(words.stack(told[0])) == ["feed (ingest.py:88)", "main (app.py:1)"]
    assert words.facts(told[0])["start"] == "2023-11-14T22:15:00.009+00:00"


def test_in_the_report() -> None:
    process = build_report(profiled(one_hold())[0]).processes[0]
    assert process.stalls is not None
    (row,) = process.stalls
    functions = {function.id: function.name for function in process.functions}
    assert (row.holder, functions[row.function or 0], row.line, process.stall_count) == (0, "feed", 88, 1)
    assert row.seconds == pytest.approx(0.080, abs=1e-4)
    text = report_text(build_report(profiled(one_hold())[0]), 100)
    assert "Stalls, waits longer than 50.0 ms: 1" in text
    assert "22:15:00.009" in text


def test_nobody_asked() -> None:
    profile = Profile(INFO)
    profile.add(one_hold().batch())
    profile.finish()
    assert profile.sums().stalls is None
    assert build_report(profile).processes[0].stalls is None


@pytest.mark.parametrize("ms", [40, 49])
def test_a_shorter_hold_is_none(ms: int) -> None:
    script = rest(Script(), 0, 9, "feeder", "a")
    profile, told = profiled(rest(hold(script, 10, 10 + ms, "feeder", "a"), 11 + ms, 99, "feeder", "a"))
    assert told == []
    assert "nobody waited longer than 50.0 ms" in report_text(build_report(profile), 100)


def test_a_hold_that_nobody_waits_for_is_none() -> None:
    assert profiled(rest(hold(Script(), 0, 200, "feeder"), 201, 210, "feeder"))[1] == []


def test_who_queues_behind_does_not_make_another_one() -> None:
    """After the hold its victims have the GIL one after the other, which makes their waits longer still."""
    script = hold(rest(Script(), 0, 9, "feeder", "a", "b", "c"), 10, 89, "feeder", "a", "b", "c")
    hold(script, 90, 94, "a", "b", "c", frame=STEP)
    hold(script, 95, 99, "b", "c", frame=STEP)
    profile, told = profiled(rest(script, 100, 120, "feeder", "a", "b", "c"))
    assert len(told) == 1
    assert told[0].length_ns / 1e6 == pytest.approx(80, abs=0.1)
    assert [profile.definitions.threads[n].name for n, _ in told[0].victims] == ["a", "b", "c"]


def test_many_turns_are_one_stall_while_long_waits_overlap() -> None:
    """Eight threads have it for 10 ms each: every wait lasts 70 ms, under no turn that long."""
    script, threads = Script(), [f"t{n}" for n in range(8)]
    for turn in range(40):
        holder = threads[turn % 8]
        hold(script, turn * 10, turn * 10 + 9, holder, *(t for t in threads if t != holder), frame=STEP)
    _, told = profiled(rest(script, 400, 420, *threads))
    assert len(told) == 1
    assert told[0].length_ns / 1e6 == pytest.approx(400, abs=2)
    assert len(told[0].victims) == 7


def overlaps(stalls: Sequence[Stall]) -> list[tuple[Stall, Stall]]:
    return [
        (one, other)
        for one, other in combinations(stalls, 2)
        if one.start_ns < other.start_ns + other.length_ns and other.start_ns < one.start_ns + one.length_ns
    ]


def test_one_freeze_is_told_once() -> None:
    """A long hold, and short ones behind it that keep its victims waiting for longer than the limit: the second stall
    begins where the first one ends."""
    threads = [f"t{n}" for n in range(13)]
    script = hold(rest(Script(), 0, 9, "feeder", *threads), 10, 89, "feeder", *threads)
    for turn, holder in enumerate(threads):
        hold(script, 90 + turn * 10, 99 + turn * 10, holder, *(t for t in threads[turn + 1 :]), frame=STEP)
    _, told = profiled(rest(script, 220, 240, "feeder", *threads))
    assert [stall.length_ns / 1e6 for stall in told] == pytest.approx([80, 120], abs=1)
    assert overlaps(told) == []


@pytest.mark.parametrize("every", [0, 25])
def test_a_long_hold_amid_short_ones_is_told_once(every: int) -> None:
    script, threads, ms = Script(), [f"t{n}" for n in range(8)], 0
    for turn in range(40):
        holder, length_ms = threads[turn % 8], 80 if turn == 20 else 10
        waiters = [t for t in threads if t != holder]
        hold(script, ms, ms + length_ms - 1, holder, *waiters, frame=FEED if turn == 20 else STEP)
        ms += length_ms
    profile, told = profiled(rest(script, ms, ms + 20, *threads), tuple(range(every, ms, every)) if every else ())
    assert overlaps(told) == []
    assert overlaps(found(profile).latest) == []
    assert sum(stall.length_ns for stall in told) / 1e6 == pytest.approx(ms, abs=15)


def test_a_holder_is_not_its_own_victim() -> None:
    """Threads that keep one another waiting in turns."""
    script, threads = Script(), [f"t{n}" for n in range(8)]
    for turn in range(40):
        holder = threads[turn % 8]
        hold(script, turn * 10, turn * 10 + 9, holder, *(t for t in threads if t != holder), frame=STEP)
    _, told = profiled(rest(script, 400, 420, *threads))
    (stall,) = told
    assert stall.held is not None
    assert stall.held.thread not in [thread for thread, _ in stall.victims]
    assert len(stall.victims) == 7


def test_many_victims_are_told_by_their_kinds() -> None:
    pool = [f"pool-0_{n}" for n in range(4)]
    script = hold(rest(Script(), 0, 9, "feeder", "a", *pool), 10, 89, "feeder", "a", *pool)
    profile, told = profiled(rest(script, 90, 99, "feeder", "a", *pool))
    line = StallWords(profile.info, profile.definitions).line(told[0])
    assert line.endswith("in feeder, kept 5 waiting: a, pool-0_*")


def test_a_collection() -> None:
    script = rest(Script(), 0, 9, "feeder", "a")
    for ms in range(10, 90):
        collects = {"flags": PassFlag.COLLECTING} if 20 <= ms < 80 else {}
        script.at(ms, **collects).holds("feeder", MAIN, FEED).waits("a", MAIN, STEP)
    profile, told = profiled(rest(script, 90, 99, "feeder", "a"))
    (stall,) = told
    assert stall.gc_ns / 1e6 == pytest.approx(60, abs=2)
    words = StallWords(profile.info, profile.definitions)
    assert words.line(stall).endswith("feed (ingest.py:88) in feeder, garbage collection, kept 1 waiting: a")
    assert words.facts(stall)["cause"] == "garbage collection"
    report = build_report(profile)
    (row,) = report.processes[0].stalls or ()
    assert row.cause == "garbage collection"
    assert row.gc_s == pytest.approx(0.060, abs=0.002)
    assert "collection" in report_text(report, 80)


@pytest.mark.parametrize("every", [0, 1, 7])
def test_a_holder_without_a_cpu(every: int) -> None:
    """The kernel says so when it has got one again, at a look at which the holder may have dropped the GIL."""
    script = rest(Script(), 0, 9, "feeder", "a")
    hold(script, 10, 89, "feeder", "a")
    script.at(90).holds("a", MAIN, STEP).waits("feeder", MAIN, FEED, queued_ms=75.0)
    profile, told = profiled(rest(script, 91, 99, "feeder", "a"), tuple(range(every, 90, every)) if every else ())
    (stall,) = told
    assert stall.queued_ns / 1e6 == pytest.approx(75, abs=1)
    words = StallWords(profile.info, profile.definitions)
    assert "feed (ingest.py:88) in feeder, which had no CPU for 94 % of it, kept 1 waiting" in words.line(stall)
    assert words.facts(stall)["cause"] == "queued"
    (row,) = build_report(profile).processes[0].stalls or ()
    assert row.cause == "queued"
    assert row.queued_s == pytest.approx(0.075, abs=0.001)
    assert "no CPU" in report_text(build_report(profile), 80)


def test_two_holds_are_two_stalls() -> None:
    script = hold(rest(Script(), 0, 9, "feeder", "a"), 10, 89, "feeder", "a")
    rest(script, 90, 99, "feeder", "a")
    hold(script, 100, 169, "feeder", "a")
    _, told = profiled(rest(script, 170, 180, "feeder", "a"))
    assert [stall.length_ns / 1e6 for stall in told] == pytest.approx([80, 70], abs=0.1)


def test_a_long_one_is_told_before_it_is_over_and_once() -> None:
    last_ms = SO_FAR_NS // 1_000_000 + 3000
    script = rest(hold(Script(), 0, last_ms, "feeder", "a"), last_ms + 1, last_ms + 10, "feeder", "a")
    profile, told = profiled(script, tuple(range(0, last_ms, 100)))
    (stall,) = told
    assert stall.goes_on
    assert SO_FAR_NS < stall.length_ns < SO_FAR_NS + 1_000_000_000
    assert " so far, feed (ingest.py:88)" in StallWords(profile.info, profile.definitions).line(stall)
    (kept,) = found(profile).latest
    assert not kept.goes_on
    assert kept.length_ns / 1e6 == pytest.approx(last_ms, abs=2)


@pytest.mark.parametrize(
    "make", [one_hold, lambda: rest(hold(Script(), 0, 300, "f", "a", "b"), 301, 310, "f", "a", "b")]
)
@pytest.mark.parametrize("every", [1, 7, 40])
def test_batches_change_nothing(make: Callable[[], Script], every: int) -> None:
    whole = profiled(make())
    pieces = profiled(make(), tuple(range(every, 90, every)))
    assert whole[1] == pieces[1]
    assert found(whole[0]) == found(pieces[0])


def test_of_many_the_latest_are_kept() -> None:
    script = Script()
    hold(script, 0, 80, "feeder", "a")
    rest(script, 81, 99, "feeder", "a")
    first = script.batch()
    profile = Profile(INFO, stall_ns=LIMIT_NS)
    for number in range(KEPT + 5):
        passes = first.passes.copy()
        passes["t_ns"] += number * 100_000_000
        again = Batch(passes, first.looks)
        profile.add(again if number else Batch(passes, first.looks, first.functions, first.frames, first.stacks,
                                               first.threads))  # fmt: skip
    profile.finish()
    sums = found(profile)
    assert (sums.count, len(sums.latest)) == (KEPT + 5, KEPT)
    assert sums.latest[-1].start_ns > START_NS + (KEPT + 3) * 100_000_000
