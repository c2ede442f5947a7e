"""speedscope: valid against its published schema; its nanoseconds are the profile's."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from gilprof.exporters.narrowing import Narrowing
from gilprof.exporters.stack_table import LEFT_OUT, MAX_FRAMES
from gilprof.model import Batch, State
from tests.support.exported import NASTY, NASTY_SHOWN, check_sums, every_state, exported, few, profiled, seconds
from tests.support.facts import batch_lists, cut

SCHEMA = json.loads((Path(__file__).parents[1] / "schema" / "speedscope.json").read_text())
WORDS = {
    "waiting": "waiting",
    "held while blocked": "held_blocked",
    "held": "held",
    "runs without the GIL": "released",
    "blocked": "blocked",
    "unknown": "unknown",
}


def read(batches: list[Batch], narrowing: Narrowing | None = None) -> Any:
    file = json.loads(exported("speedscope", *profiled(batches), narrowing))
    jsonschema.validate(file, SCHEMA)
    for profile in file["profiles"]:
        assert len(profile["samples"]) == len(profile["weights"])
        assert sum(profile["weights"]) == profile["endValue"]
        assert min(profile["weights"], default=1) > 0
        assert all(0 <= frame < len(file["shared"]["frames"]) for stack in profile["samples"] for frame in stack)
    return file


def in_order(file: Any) -> dict[tuple[str, str], float]:
    """Seconds by thread and state, from the profiles in the order of time."""
    sums: Counter[tuple[str, str]] = Counter()
    for profile in file["profiles"]:
        name, _, behind = profile["name"].rpartition(" (tid ")
        if behind.rstrip(")").isdigit():
            for stack, ns in zip(profile["samples"], profile["weights"], strict=True):
                if stack:
                    sums[name, file["shared"]["frames"][stack[-1]]["name"].strip("[]")] += ns / 1e9
    return dict(sums)


def by_state(file: Any) -> dict[tuple[str, str], float]:
    """Likewise, from the profiles by state."""
    sums: Counter[tuple[str, str]] = Counter()
    for profile in file["profiles"]:
        title, _, word = profile["name"].rpartition(": ")
        if word in WORDS:
            sums[title.rpartition(" (tid ")[0], WORDS[word]] += profile["endValue"] / 1e9
    return dict(sums)


def test_every_state_adds_up_twice() -> None:
    profile, _ = profiled([every_state().batch()])
    whole, file = seconds(profile), read([every_state().batch()])
    assert {state for _, state in whole} == {"held", "held_blocked", "waiting", "released", "blocked", "unknown"}
    assert in_order(file) == pytest.approx(whole)
    assert by_state(file) == pytest.approx(whole)


def test_the_order_of_time() -> None:
    """MainThread from 0 to 900 ms, then to 1099, a gap of which the pass behind it stands for one, and so on."""
    file = read([every_state().batch()])
    profile = file["profiles"][0]
    names = ["/".join(file["shared"]["frames"][frame]["name"] for frame in stack) for stack in profile["samples"]]
    assert profile["name"] == "worker-1 (tid 4242)"
    assert list(zip(names, profile["weights"], strict=True)) == [
        ("Worker.run/Worker.step/[held]", 599_000_000),
        ("Worker.run/Worker.step/[held_blocked]", 300_000_000),
        ("Worker.run/Worker.step/[waiting]", 200_000_000),
        ("", 100_000_000),
        ("Worker.run/Worker.step/[released]", 500_000_000),
        ("Worker.run/Worker.step/[blocked]", 300_000_000),
    ]


def test_a_thread_that_begins_late_stands_behind_a_gap() -> None:
    (late,) = [profile for profile in read([every_state().batch()])["profiles"] if profile["name"] == "late (tid 4244)"]
    assert (late["samples"][0], late["weights"][0]) == ([], 1_199_000_000)


def test_frames() -> None:
    frames = read([every_state().batch()])["shared"]["frames"]
    assert {"name": "Worker.step", "file": "/srv/work.py", "line": 33} in frames
    assert {"name": "<GC>"} in frames
    assert {"name": "<no Python frame>"} in frames


def test_narrowed() -> None:
    file = read([every_state().batch()], Narrowing([State.WAITING], "Main*"))
    assert in_order(file) == by_state(file) == pytest.approx({("MainThread", "waiting"): 0.899})


def test_batches_do_not_matter() -> None:
    whole = every_state().batch()
    assert read(cut(whole, [1, 7, 650, 1300])) == read([whole])


@pytest.mark.parametrize("passes", [0, 1])
def test_next_to_nothing(passes: int) -> None:
    assert in_order(read([few(passes)])) == {}


def test_nasty_names_and_deep_stacks() -> None:
    file = read([few(3, NASTY, *(f"{NASTY} /srv/deep.py:{depth}" for depth in range(4000)))])
    assert by_state(file) == pytest.approx({(NASTY_SHOWN, "held"): 0.002})
    stack = file["profiles"][0]["samples"][0]
    assert len(stack) == MAX_FRAMES + 1
    assert [file["shared"]["frames"][frame]["name"] for frame in stack].count(LEFT_OUT) == 1


@settings(max_examples=50)
@given(batch_lists())
def test_anything_that_a_recording_may_say(batches: list[Batch]) -> None:
    check_sums(by_state(read(batches)), batches)
