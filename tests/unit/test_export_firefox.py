"""Firefox's processed format: tables that fit together; milliseconds that are the profile's."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings

from gilprof.exporters.firefox_columns import HAS_GIL, WAITING_FOR_GIL
from gilprof.exporters.narrowing import Narrowing
from gilprof.exporters.stack_table import LEFT_OUT, MAX_FRAMES
from gilprof.model import STATE_NAMES, Batch, State
from gilprof.report.state_words import WORDS
from tests.support.exported import NASTY, NASTY_SHOWN, check_sums, every_state, exported, few, profiled, seconds
from tests.support.facts import batch_lists, cut

STATES = {WORDS[state]: STATE_NAMES[state] for state in State}


def read(batches: list[Batch], narrowing: Narrowing | None = None) -> Any:
    file = json.loads(exported("firefox", *profiled(batches), narrowing))
    shared = file["shared"]
    tables = [thread[name] for thread in file["threads"] for name in ("samples", "markers")]
    tables += [table for name, table in shared.items() if name != "stringArray"]
    for table in (*tables, *(counter["samples"] for counter in file["counters"])):
        assert {len(column) for column in table.values() if isinstance(column, list)} == {table["length"]}
    for number, prefix in enumerate(shared["stackTable"]["prefix"]):
        assert prefix is None or 0 <= prefix < number
    for thread in file["threads"]:
        for times in (thread["samples"]["time"], *([counter["samples"]["time"] for counter in file["counters"]])):
            assert times == sorted(times)
        assert all(delta >= 0 for delta in thread["samples"]["threadCPUDelta"])
    return file


def by_state(file: Any) -> dict[tuple[str, str], float]:
    """Seconds by thread and state, which is the category of a sample's innermost frame."""
    categories, shared = file["meta"]["categories"], file["shared"]
    sums: Counter[tuple[str, str]] = Counter()
    for thread in file["threads"]:
        assert thread["samples"]["weightType"] == "tracing-ms"
        for stack, weight in zip(thread["samples"]["stack"], thread["samples"]["weight"], strict=True):
            if stack is None:
                assert weight == 0
                continue
            category = shared["frameTable"]["category"][shared["stackTable"]["frame"][stack]]
            sums[thread["name"], STATES[categories[category]["name"]]] += weight / 1e3
    return dict(sums)


def named(file: Any, name: str) -> list[Any]:
    return [thread for thread in file["threads"] if thread["name"] == name]


def markers(file: Any, thread: Any) -> list[tuple[str, float, float, Any]]:
    table = thread["markers"]
    names = [file["shared"]["stringArray"][number] for number in table["name"]]
    return list(zip(names, table["startTime"], table["endTime"], table["data"], strict=True))


def frames(file: Any, stack: int | None) -> list[tuple[str, str | None, int | None]]:
    """Innermost first."""
    shared, out = file["shared"], []
    while stack is not None:
        frame = shared["stackTable"]["frame"][stack]
        function, line = shared["frameTable"]["func"][frame], shared["frameTable"]["line"][frame]
        source, text = shared["funcTable"]["source"][function], shared["stringArray"]
        file_name = None if source is None else text[shared["sources"]["filename"][source]]
        out.append((text[shared["funcTable"]["name"][function]], file_name, line))
        stack = shared["stackTable"]["prefix"][stack]
    return out


def test_states_add_up() -> None:
    profile, _ = profiled([every_state().batch()])
    whole = seconds(profile)
    assert len({state for _, state in whole}) == len(State)
    assert by_state(read([every_state().batch()])) == pytest.approx(whole)


def test_samples_lie_where_the_looks_were() -> None:
    file = read([every_state().batch()])
    samples = named(file, "worker-1")[0]["samples"]
    tops = [frames(file, stack)[:1] for stack in samples["stack"]]
    assert samples["time"] == [0, 599, 600, 899, 900, 1099, 1199, 1200, 1699, 1700, 1999]
    assert tops[0] == [("Worker.step", "/srv/work.py", 33)]
    assert [time for time, stack in zip(samples["time"], samples["stack"], strict=True) if stack is None] == [1199]


def test_cpu_is_the_kernels_account() -> None:
    profile, _ = profiled([every_state().batch()])
    for thread, cpu_ns in zip(read([every_state().batch()])["threads"], profile.sums().threads.cpu_ns, strict=True):
        assert sum(thread["samples"]["threadCPUDelta"]) == pytest.approx(cpu_ns, abs=thread["samples"]["length"])


def test_markers_have_cpythons_names() -> None:
    """Blocked or not, it has the GIL."""
    file = read([every_state().batch()])
    assert markers(file, named(file, "worker-1")[0]) == [
        (HAS_GIL, 0, 899, {"type": "HasGIL"}),
        (WAITING_FOR_GIL, 899, 1099, {"type": "WaitingforGIL", "holder": "MainThread (tid 4243)"}),
    ]
    assert markers(file, named(file, "MainThread")[0]) == [
        (HAS_GIL, 899, 1099, {"type": "HasGIL"}),
        (WAITING_FOR_GIL, 0, 899, {"type": "WaitingforGIL", "holder": "worker-1 (tid 4242)"}),
    ]
    assert {schema["name"] for schema in file["meta"]["markerSchema"]} == {"HasGIL", "WaitingforGIL"}


def test_waiters() -> None:
    (counter,) = read([every_state().batch()])["counters"]
    changes = zip(counter["samples"]["time"], counter["samples"]["count"], strict=True)
    assert list(changes) == [(0, 0), (0, 1), (1099, -1)]


def test_the_order_of_batches_does_not_matter() -> None:
    whole = every_state().batch()
    parts, file = read(cut(whole, [1, 7, 650, 1300])), read([whole])
    assert by_state(parts) == pytest.approx(by_state(file))
    assert [markers(parts, thread) for thread in parts["threads"]] == [
        markers(file, thread) for thread in file["threads"]
    ]
    assert parts["counters"] == file["counters"]


def test_narrowed() -> None:
    file = read([every_state().batch()], Narrowing([State.WAITING], "Main*"))
    assert by_state(file) == pytest.approx({("MainThread", "waiting"): 0.899})


@pytest.mark.parametrize("passes", [0, 1])
def test_next_to_nothing(passes: int) -> None:
    assert by_state(read([few(passes)])) == {}


def test_nasty_names_and_deep_stacks() -> None:
    file = read([few(3, NASTY, *(f"{NASTY} /srv/deep.py:{depth}" for depth in range(4000)))])
    assert by_state(file) == pytest.approx({(NASTY_SHOWN, "held"): 0.002})
    found = frames(file, file["threads"][0]["samples"]["stack"][0])
    assert len(found) == MAX_FRAMES
    assert [name for name, _, _ in found].count(LEFT_OUT) == 1
    assert [line for _, _, line in (found[0], found[-2])] == [3999, 1]


@settings(max_examples=50)
@given(batch_lists())
def test_anything_that_a_recording_may_say(batches: list[Batch]) -> None:
    check_sums(by_state(read(batches)), batches)
