"""The report and the dump for people."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gilprof.model import LOOK_DTYPE, NONE, PASS_DTYPE, Batch, BlockedIn, Health, LookArray, Origin, PassArray, State
from gilprof.report.build import build_report
from gilprof.report.dump import LastLooks, build_dump, dump_text
from gilprof.report.model import Selection
from gilprof.report.names import location, printable, thread_name, threads_named
from gilprof.report.places import cut_at
from gilprof.report.text import report_text
from gilprof.report.text_table import shortened
from tests.support.made_up import BOOTSTRAP, INFO, STDLIB, MadeUp, Seen

MAIN = (("<module>", "/srv/app.py", 1, 20),)
FEED = (*BOOTSTRAP, ("Parser.feed", "/srv/ingest.py", 80, 88), ("loads", f"{STDLIB}/json/__init__.py", 299, 346))
STEP = (*BOOTSTRAP, ("Worker.step", "/srv/app.py", 30, 33))


def contended(name: str = "feeder") -> MadeUp:
    profile = MadeUp(health=Health(passes=1000, sampler_cpu_ns=40_000_000)).threads("MainThread", name, "worker-1")
    idle = Seen(State.BLOCKED, STEP, BlockedIn.LOCK)
    profile.add(0.75, {0: Seen(State.WAITING, MAIN), 1: Seen(State.HELD, FEED, overdue=True), 2: idle}, passes=750)
    returning = Seen(State.WAITING, FEED, origin=Origin.RETURNING)
    return profile.add(0.25, {0: Seen(State.HELD, MAIN), 1: returning, 2: idle}, passes=250)


def test_sentence_first_then_the_figures_in_order() -> None:
    text = report_text(build_report(contended()), 120)
    assert text.startswith("The GIL is busy 100 % of the time and 1.0 thread waits for it on average: 75 %")
    headings = [
        "Process 4242", "Threads: 3.0 Python threads at a time,", "GIL: held 100 %", "GIL: waited for",
        "Threads: shares of each", "Own functions:", "Other functions:", "Lines:", "Who waits for whom, own functions",
        "Who waits for whom, threads", "Health:",
    ]  # fmt: skip
    starts = [re.search(f"^{re.escape(heading)}", text, re.M) for heading in headings]
    places = [found.start() for found in starts if found]
    assert len(places) == len(headings)
    assert places == sorted(places)


def test_rows() -> None:
    text = report_text(build_report(contended()), 100)
    lines = [re.sub(r" {2,}", " | ", line) for line in text.splitlines()]
    assert "feeder | 75 % | 0 % | 25 % | 0 % | 0 % | 0 % | 0 % | 750 ms" in lines
    assert "Parser.feed (ingest.py:80) | 750 ms | 250 ms | - | - | 750 ms" in lines
    assert "loads (json/__init__.py:299) | 750 ms | 250 ms | - | - | 750 ms | 750 ms" in lines
    assert "<module> (app.py:20) | Parser.feed (ingest.py:88) | 750 ms | 75 % | preempted | 100 %" in lines
    assert "feeder | MainThread | 250 ms | 25 % | returning | 0 %" in lines


@pytest.mark.parametrize("width", [40, 80, 200])
def test_fits_the_width(width: int) -> None:
    long = contended("a-very-long-thread-name-" * 5)
    assert max(map(len, report_text(build_report(long), width).splitlines())) <= width


def test_wider_terminals_show_more_of_names() -> None:
    name = "worker-of-a-name-that-is-too-long-for-eighty-columns"
    assert name not in report_text(build_report(contended(name)), 80).split("Threads: shares")[1]
    assert name in report_text(build_report(contended(name)), 160).split("Threads: shares")[1]


def test_plain_and_styled() -> None:
    plain = report_text(build_report(contended()), 80)
    assert "\x1b" not in plain
    colours = report_text(build_report(contended()), 80, styled=True)
    assert "\x1b[1m" in colours
    assert re.sub(r"\x1b\[[0-9;]*m", "", colours).split() == plain.split()


@pytest.mark.parametrize("name", ["\x1b]0;owned\x07", "[bold]x[/bold]", ":smile:", "a\rb", "‮evil"])
def test_names_cannot_write_on_the_terminal(name: str) -> None:
    text = report_text(build_report(contended(name)), 200)
    assert all(line.isprintable() for line in text.splitlines())
    assert printable(name) in text


def test_no_more_rows_than_fit() -> None:
    profile = MadeUp().threads(*(f"worker-{n}" for n in range(33)))
    profile.add(1, {n: Seen(State.BLOCKED, STEP) for n in range(33)})
    assert "... and 13 more" in report_text(build_report(profile), 80)


def test_native_and_ended_are_told() -> None:
    profile = MadeUp(ended="signal 9").threads("MainThread", "openblas")
    profile.add(1, {0: Seen(State.HELD, MAIN), 1: Seen(State.RELEASED, None, python=False)})
    text = report_text(build_report(profile), 120)
    assert "ended: signal 9" in text
    assert "1 thread that Python does not know" in text
    assert "native: openblas" in text


def test_nothing_observed_has_a_text() -> None:
    assert report_text(build_report(MadeUp()), 80).startswith("Nothing can be said")


def test_a_selection_says_that_it_is_one() -> None:
    text = report_text(build_report(contended(), Selection(thread="worker-*")), 80)
    assert "The tables are of the selected threads" in text
    assert "feeder" not in text.split("The tables are")[1]


@pytest.mark.parametrize(
    ("health", "passes", "remedy"),
    [
        (Health(passes=100), 100, "only 100 passes: profile for longer"),
        (Health(passes=500), 500, "the rate asked for was not attained: lower --rate"),
        (Health(passes=1000, dropped=7), 1000, "7 passes were lost"),
        (Health(passes=1000, truncated_stacks=3), 1000, "3 stacks were too deep"),
        (Health(passes=1000, interpreters=2), 1000, "2 interpreters were seen"),
    ],
)
def test_bad_health_has_a_remedy(health: Health, passes: int, remedy: str) -> None:
    profile = MadeUp(health=health).threads("MainThread").add(1, {0: Seen(State.HELD, MAIN)}, passes=passes)
    assert remedy in report_text(build_report(profile), 120)


def test_good_health_has_none() -> None:
    assert "!" not in report_text(build_report(contended()), 80)


def test_unknown_time_has_a_remedy() -> None:
    profile = MadeUp().threads("MainThread").add(1, {0: Seen(State.UNKNOWN, MAIN)}, passes=1000)
    assert "could often not be told" in report_text(build_report(profile), 120)


def test_names() -> None:
    assert printable("a" * 400) == "a" * 150 + "…" + "a" * 149
    assert printable("\ud800é\x00") == "\\ud800é\\x00"
    assert location("f", "/a/b/c.py", None) == "f (c.py)"
    assert location("<GC>", None, None) == "<GC>"
    assert location("main", "/srv/tool/__main__.py", 3) == "main (tool/__main__.py:3)"
    assert threads_named(["a"]) == "thread a"
    assert threads_named(["a", "b"]) == "threads a and b"
    assert threads_named(["w-1", "w-22"]) == "2 threads (w-*)"
    assert threads_named(["a", "b", "c"]) == "3 threads"
    assert threads_named(["pool-0_1", "pool-0_2"]) == "2 threads (pool-0_*)"
    assert threads_named(["pool-0_1", "pool-1_1", "pool-1_2"]) == "3 threads (pool-*_*)"


@pytest.mark.parametrize(
    ("name", "width", "cut"),
    [
        ("ThreadPoolExecutor-0_2", 22, "ThreadPoolExecutor-0_2"),
        ("ThreadPoolExecutor-0_2", 16, "ThreadPoolE…-0_2"),
        ("ThreadPoolExecutor-10_12", 8, "T…-10_12"),
        ("ThreadPoolExecutor-0_*", 12, "ThreadP…-0_*"),
        ("Thread-12 (process_request_thread)", 16, "Thread-12 (proc…"),
        ("w3c-validator-of-everything-7", 16, "w3c-validator…-7"),
        ("my-very-long-service-12 (process_request_thread)", 20, "my-very-long-se…-12…"),
        ("worker-123456789012", 8, "…6789012"),
        ("MainThread", 8, "MainThr…"),
        ("MainThread", 1, "…"),
    ],
)
def test_a_thread_s_name_keeps_what_sets_it_apart(name: str, width: int, cut: str) -> None:
    assert thread_name(name, width) == cut


def test_a_thread_beside_a_place_keeps_its_number() -> None:
    assert cut_at("worker-0: handle (app.py:12)", 80) == "worker-0: handle (app.py:12)"
    assert cut_at("ThreadPoolExecutor-0_2: handle (app.py:12)", 24) == "Threa…-0_2: hand….py:12)"
    assert cut_at("3 threads (worker-*)", 10) == shortened("3 threads (worker-*)", 10)
    assert cut_at("5 threads (ThreadPoolExecutor-0_*)", 28) == "5 threads (ThreadPoolE…-0_*)"
    for width in range(1, 40):
        assert len(cut_at("ThreadPoolExecutor-0_2: handle (app.py:12)", width)) <= width


def test_what_of_held_is_blocked() -> None:
    """A column of its own, where there is some: a tenth of a second of the quarter."""
    write = ("Log.flush", "/srv/log.py", 10, 14)
    profile = MadeUp().threads("MainThread", "logger")
    profile.add(0.15, {0: Seen(State.WAITING, MAIN), 1: Seen(State.HELD, (*FEED, write))}, passes=150)
    profile.add(0.1, {0: Seen(State.WAITING, MAIN), 1: Seen(State.HELD_BLOCKED, (*FEED, write))}, passes=100)
    text = report_text(build_report(profile), 80)
    lines = [re.sub(r" {2,}", " | ", line) for line in text.splitlines()]
    assert "function | held | blocked | waiting | no GIL | blocked | blamed" in lines
    assert "Log.flush (log.py:10) | 250 ms | 100 ms | - | - | - | 250 ms" in lines
    assert "line | held | blocked | waiting | overdue | blamed" in lines
    assert "Log.flush (log.py:14) | 250 ms | 100 ms | - | - | 250 ms" in lines
    assert max(map(len, text.splitlines())) <= 80
    assert "of it" not in report_text(build_report(contended()), 80)


def test_pool_threads_in_a_narrow_report() -> None:
    profile = MadeUp().threads(*(f"ThreadPoolExecutor-0_{number}" for number in range(3)))
    profile.add(1, {0: Seen(State.HELD, FEED), 1: Seen(State.WAITING, MAIN), 2: Seen(State.WAITING, MAIN)}, passes=1000)
    text = report_text(build_report(profile), 76)
    assert [line.split()[0] for line in text.splitlines() if line.startswith("Thread") and "…" in line]
    assert {f"-0_{number}" for number in range(3)} <= set(re.findall(r"…(-0_\d)", text))


def test_shortened_keeps_the_end() -> None:
    assert shortened("Parser.feed (ingest.py:88)", 80) == "Parser.feed (ingest.py:88)"
    assert shortened("Parser.feed (ingest.py:88)", 20) == "Parser.…ngest.py:88)"
    assert len(shortened("Parser.feed (ingest.py:88)", 9)) == 9


def last_looks(profile: MadeUp) -> LastLooks:
    """One pass: feeder has the GIL, MainThread and it are there."""
    passes, looks = np.zeros(2, PASS_DTYPE), np.zeros(3, LOOK_DTYPE)
    passes["look_count"], passes["holder"] = [1, 2], [0, 1]
    looks["thread"], looks["stack"] = [2, 0, 1], [NONE, profile.stack(MAIN), profile.stack(FEED)]
    last = LastLooks()
    last.add(_batch(passes, looks))
    last.add(_batch(passes[:0], looks[:0]))
    return last


def _batch(passes: PassArray, looks: LookArray) -> Batch:
    return Batch(passes=passes, looks=looks)


def test_dump() -> None:
    profile = contended()
    dump = build_dump(profile, last_looks(profile))
    assert dump.holder == 1
    assert [thread.name for thread in dump.threads] == ["MainThread", "feeder"]
    main, feeder = dump.threads
    assert (main.has_gil, feeder.has_gil) == (False, True)
    assert main.mostly == "waiting"
    assert main.shares["waiting"] == 0.75
    assert [(wait.holder, wait.seconds) for wait in main.waits_for] == [(1, 0.75)]
    assert [(frame.name, frame.line) for frame in feeder.stack[:2]] == [("loads", 346), ("Parser.feed", 88)]
    assert INFO.pid == dump.pid


def test_dump_folds_equal_stacks() -> None:
    profile = MadeUp().threads("MainThread", *(f"worker-{number}" for number in range(8)), "other")
    sleeps = Seen(State.BLOCKED, FEED, BlockedIn.SLEEP)
    profile.add(0.5, {0: Seen(State.BLOCKED, MAIN, BlockedIn.CHILD), **dict.fromkeys(range(1, 10), sleeps)})
    looks = np.zeros(10, LOOK_DTYPE)
    looks["thread"], looks["stack"] = range(10), [profile.stack(MAIN), *([profile.stack(FEED)] * 9)]
    passes = np.zeros(1, PASS_DTYPE)
    passes["look_count"], passes["holder"] = 10, NONE
    last = LastLooks()
    last.add(_batch(passes, looks))
    dump = build_dump(profile, last)
    assert len(dump.threads) == 10
    parent, workers = dump_text(dump, 120).split("\n\n")[1:]
    assert parent == "MainThread (tid 5000)\n  waits for a child process 100 % of its time\n    <module> (app.py:20)"
    assert workers.splitlines()[:3] == [
        "9 threads (worker-* ×8, other ×1), tids 5001, 5002, 5003, 5004, 5005, 5006 and 3 more",
        "  each on average is blocked 100 % of its time",
        "    loads (json/__init__.py:346)",
    ]


def test_dump_text() -> None:
    profile = contended()
    assert dump_text(build_dump(profile, last_looks(profile)), 120).split("\n\n")[1:] == [
        "MainThread (tid 5000)\n"
        "  waits for the GIL 75 %, has the GIL 25 % of its time\n"
        "  waited 750 ms for feeder\n"
        "    <module> (app.py:20)",
        "feeder (tid 5001), has the GIL now\n"
        "  has the GIL 75 %, waits for the GIL 25 % of its time\n"
        "  waited 250 ms for MainThread\n"
        "    loads (json/__init__.py:346)\n"
        "    Parser.feed (ingest.py:88)\n"
        "    Thread.run (threading.py:982)\n"
        "    Thread._bootstrap_inner (threading.py:1045)\n"
        "    Thread._bootstrap (threading.py:1002)\n",
    ]
