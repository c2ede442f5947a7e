"""Trace events: slices, counters and flows that fit together; microseconds that are the profile's."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from gilprof.exporters.chrome import LONG_WAIT_NS
from gilprof.exporters.narrowing import Narrowing
from gilprof.model import Batch, State
from tests.support.exported import NASTY, NASTY_SHOWN, check_sums, every_state, exported, few, profiled, seconds
from tests.support.facts import Script, batch_lists

Event = dict[str, Any]


def read(batches: list[Batch], narrowing: Narrowing | None = None) -> list[Event]:
    events: list[Event] = json.loads(exported("chrome", *profiled(batches), narrowing))["traceEvents"]
    for event in events:
        assert event["ph"] in "XCMsf"
        assert event["ph"] == "M" or event["ts"] >= 0
    return events


def by_state(events: list[Event]) -> dict[tuple[str, str], float]:
    """Seconds by thread and state."""
    names = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
    sums: Counter[tuple[str, str]] = Counter()
    for event in events:
        if event.get("cat") == "state":
            sums[names[event["tid"]], event["name"]] += event["dur"] / 1e6
    return dict(sums)


def slices(events: list[Event], tid: int, cat: str) -> list[tuple[str, float, float]]:
    return [(e["name"], e["ts"], e["dur"]) for e in events if e["ph"] == "X" and e["tid"] == tid and e["cat"] == cat]


def test_states_add_up() -> None:
    profile, _ = profiled([every_state().batch()])
    whole, events = seconds(profile), read([every_state().batch()])
    assert len({state for _, state in whole}) == len(State)
    assert by_state(events) == pytest.approx(whole)


def test_slices_of_a_thread_are_in_order_and_functions_lie_inside_states() -> None:
    events = read([every_state().batch()])
    states, functions = slices(events, 4242, "state"), slices(events, 4242, "python")
    assert states == [
        ("held", 0, 599_000),
        ("held_blocked", 599_000, 300_000),
        ("waiting", 899_000, 200_000),
        ("released", 1_199_000, 500_000),
        ("blocked", 1_699_000, 300_000),
    ]
    assert functions == [("Worker.step", ts, dur) for _, ts, dur in states]
    assert ("<GC>", 899_000, 200_000) in slices(events, 4243, "python")


def test_counters() -> None:
    events = read([every_state().batch()])
    found = [(event["name"], event["ts"], event["args"]) for event in events if event["ph"] == "C"]
    assert [(ts, args["threads"]) for name, ts, args in found if name == "waiters"] == [(0, 1), (1_099_000, 0)]
    assert [(ts, *args.values()) for name, ts, args in found if name == "GIL"] == [
        (0, 1, 0, 0),
        (599_000, 0, 1, 0),
        (899_000, 1, 0, 0),
        (1_099_000, 0, 0, 0),
    ]


def test_flows_lead_from_the_holders_slice_to_the_waiters() -> None:
    events = read([every_state().batch()])
    begins = {event["id"]: event for event in events if event["ph"] == "s"}
    ends = {event["id"]: event for event in events if event["ph"] == "f"}
    assert [(begins[n]["tid"], ends[n]["tid"]) for n in begins] == [(4243, 4242), (4242, 4243)]
    for number, begin in begins.items():
        end = ends[number]
        assert begin["ts"] <= end["ts"]
        for event, states in ((begin, {"held", "held_blocked"}), (end, {"waiting"})):
            (at,) = {name for name, ts, dur in slices(events, event["tid"], "state") if ts <= event["ts"] < ts + dur}
            assert at in states


def test_short_waits_have_no_flow() -> None:
    script = Script()
    for ms in range(100):
        waiter, holder = ("a", "b") if ms // 15 % 2 else ("b", "a")
        script.at(ms).holds(holder, "f a.py:1").waits(waiter, "f a.py:1")
    assert LONG_WAIT_NS > 15e6
    assert not [event for event in read([script.batch()]) if event["ph"] in "sf"]


def test_narrowed() -> None:
    events = read([every_state().batch()], Narrowing([State.WAITING], "Main*"))
    assert by_state(events) == pytest.approx({("MainThread", "waiting"): 0.899})
    assert not [event for event in events if event["ph"] in "sf"]


def test_a_tid_that_the_kernel_used_again_is_another_track() -> None:
    batch = every_state().batch()
    same = tuple(replace(thread, tid=5000) for thread in batch.threads)
    events = read([replace(batch, threads=same)])
    assert by_state(events) == pytest.approx(by_state(read([batch])))


@pytest.mark.parametrize("passes", [0, 1])
def test_next_to_nothing(passes: int) -> None:
    assert by_state(read([few(passes)])) == {}


def test_nasty_names() -> None:
    assert by_state(read([few(3, NASTY, f"{NASTY} {NASTY}:1")])) == {(NASTY_SHOWN, "held"): 0.002}


@settings(max_examples=50)
@given(batch_lists())
def test_anything_that_a_recording_may_say(batches: list[Batch]) -> None:
    check_sums(by_state(read(batches)), batches)
