"""A process with two GILs, in the report, in exports and on the screen."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from gilprof.exporters.timeline_columns import column
from gilprof.model import Batch
from gilprof.report.build import build_process, build_report
from gilprof.report.text import report_text
from tests.support.exported import exported, profiled
from tests.support.facts import Script, of_two_gils


def two_gils(busy: int = 1) -> Batch:
    """A second in which two threads take turns with GIL ``busy``, and one has the other all to itself."""
    contended, quiet = Script(), Script()
    for ms in range(1000):
        names = ["a", "b"] if ms % 10 < 5 else ["b", "a"]
        contended.at(ms).holds(names[0], "work a.py:1", cpu_ms=1).waits(names[1], "work a.py:1")
        quiet.at(ms).holds("alone", "calm b.py:7", cpu_ms=1)
    scripts = (quiet, contended) if busy else (contended, quiet)
    both, _, _ = of_two_gils(*(script.batch() for script in scripts))
    return both


@pytest.mark.parametrize("busy", [0, 1])
def test_the_answer_is_about_the_one_that_threads_wait_for(busy: int) -> None:
    profile, _ = profiled([two_gils(busy)])
    process = build_process(profile)
    assert [gil.id for gil in process.gils] == [0, 1]
    assert process.gils[busy].waiters_mean == pytest.approx(1.0)
    assert process.gils[1 - busy].waiters_mean == 0.0
    assert process.sentence.startswith(f"GIL {busy} is busy 100 % of the time and 1.0 thread waits for it on average: ")
    assert {thread.name: thread.gil for thread in process.threads} == {"alone": 1 - busy, "a": busy, "b": busy}


def test_the_text_has_both() -> None:
    profile, _ = profiled([two_gils()])
    lines = report_text(build_report(profile), 120).splitlines()
    assert "GIL 0: waited for 0 % of the time, by 0 on average; 0 switches (0 Hz)" in lines
    assert any(
        line.startswith("GIL 1: waited for 100 % of the time, by 1.0 on average; 199 switches") for line in lines
    )


def test_chrome_counts_each() -> None:
    events = json.loads(exported("chrome", *profiled([two_gils()])))["traceEvents"]
    most: dict[str, int] = {}
    for event in events:
        if event["ph"] == "C" and "threads" in event["args"]:
            most[event["name"]] = max(most.get(event["name"], 0), event["args"]["threads"])
    assert most == {"waiters 0": 0, "waiters 1": 1}


def test_firefox_counts_each() -> None:
    file = json.loads(exported("firefox", *profiled([two_gils()])))
    counters: Any = {counter["name"]: counter["samples"]["count"] for counter in file["counters"]}
    assert set(counters) == {"GIL 0 waiters", "GIL 1 waiters"}
    assert not any(counters["GIL 0 waiters"])
    assert sum(counters["GIL 1 waiters"]) in (0, 1)


def test_the_page_has_a_lane_for_each() -> None:
    page = exported("timeline", *profiled([two_gils()])).decode()
    data = json.loads(page.split('id="timeline-data">', 1)[1].split("</script>", 1)[0])
    assert [gil["id"] for gil in data["gils"]] == [0, 1]
    assert {track["name"]: track["gil"] for track in data["tracks"]} == {"alone": 0, "a": 1, "b": 1}
    assert len({str(gil["has"]) for gil in data["gils"]}) == 1, "both are had at every pass"
    assert data["gils"][0]["has"] == column(np.ones(1000, np.int64))


def test_a_thread_that_was_taken_for_native_and_waits_belongs_to_the_gil() -> None:
    script = Script()
    for ms in range(100):
        script.at(ms).holds("main", "f a.py:1", cpu_ms=1).waits("unclaimed", "g a.py:2", flags=0)
    profile, timeline = profiled([script.batch()])
    process = build_process(profile)
    assert {thread.name: thread.gil for thread in process.threads} == {"main": 0, "unclaimed": 0}
    assert set(timeline.gil_of.values()) == {0}
    assert len(timeline.gil_of) == 2
