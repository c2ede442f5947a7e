"""pprof: read back by protobuf and by Go's own pprof; its nanoseconds are the profile's."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from gilprof.errors import UsageError
from gilprof.exporters.narrowing import Narrowing
from gilprof.exporters.pprof import export, message_class
from gilprof.exporters.stack_table import LEFT_OUT, MAX_FRAMES
from gilprof.model import STATE_NAMES, State
from gilprof.report.build import Profiled
from tests.property.test_report_laws import profiles
from tests.support.all_states import all_states
from tests.support.made_up import MadeUp, Seen
from tests.support.missing import needs

SCHEMA = Path(__file__).parents[2] / "gilprof" / "exporters" / "schema"
GO = shutil.which("go")


def packed(profile: Profiled, kind: str = "states", narrowing: Narrowing | None = None) -> bytes:
    return b"".join(export(profile, narrowing or Narrowing(), kind))


def read(content: bytes) -> Any:
    return message_class().FromString(gzip.decompress(content))


def labels(message: Any, sample: Any) -> dict[str, str | int]:
    text = message.string_table
    return {text[label.key]: text[label.str] if label.str else label.num for label in sample.label}


def nanoseconds(message: Any) -> dict[tuple[str, str], int]:
    """By thread and sample type."""
    sums: Counter[tuple[str, str]] = Counter()
    types = [message.string_table[kind.type] for kind in message.sample_type]
    assert [message.string_table[kind.unit] for kind in message.sample_type] == ["nanoseconds"] * len(types)
    for sample in message.sample:
        for name, value in zip(types, sample.value, strict=True):
            sums[str(labels(message, sample)["thread"]), name] += value
    return {key: ns for key, ns in sums.items() if ns}


def stack(message: Any, sample: Any) -> list[tuple[str, str, int]]:
    """Name, file and line, innermost first."""
    locations = {location.id: location.line[0] for location in message.location}
    functions = {function.id: function for function in message.function}
    text, out = message.string_table, []
    for number in sample.location_id:
        function = functions[locations[number].function_id]
        out.append((text[function.name], text[function.filename], locations[number].line))
    return out


def test_a_sample_type_a_state() -> None:
    message = read(packed(all_states()))
    assert [message.string_table[kind.type] for kind in message.sample_type] == list(STATE_NAMES)
    ms = 1_000_000
    assert nanoseconds(message) == {
        ("MainThread", "waiting"): 1500 * ms,
        ("MainThread", "held"): 1250 * ms,
        ("MainThread", "released"): 1000 * ms,
        ("MainThread", "blocked"): 250 * ms,
        ("worker-1", "held"): 1000 * ms,
        ("worker-1", "held_blocked"): 500 * ms,
        ("worker-1", "waiting"): 250 * ms,
        ("worker-1", "blocked"): 2000 * ms,
        ("worker-1", "unknown"): 250 * ms,
    }


def test_labels_and_stacks() -> None:
    message = read(packed(all_states()))
    waiting = [sample for sample in message.sample if sample.value[State.WAITING]]
    assert [labels(message, sample) for sample in waiting] == [
        {"thread": "MainThread", "pid": 4242, "state": "waiting"},
        {"thread": "worker-1", "pid": 4242, "state": "waiting"},
    ]
    assert stack(message, waiting[1]) == [("Worker.step", "/srv/work.py", 33), ("Worker.run", "/srv/work.py", 7)]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("block", {("MainThread", "delay"): 1_500_000_000, ("worker-1", "delay"): 250_000_000}),
        ("mutex", {("MainThread", "delay"): 250_000_000, ("worker-1", "delay"): 1_500_000_000}),
    ],
)
def test_waiting_by_waiter_and_by_holder(kind: str, expected: dict[tuple[str, str], int]) -> None:
    assert nanoseconds(read(packed(all_states(), kind))) == expected


@pytest.mark.parametrize("kind", ["block", "mutex"])
def test_waiting_has_no_states_to_choose_from(kind: str) -> None:
    with pytest.raises(UsageError, match="--state"):
        packed(all_states(), kind, Narrowing(states=[State.HELD]))


def test_narrowed() -> None:
    message = read(packed(all_states(), narrowing=Narrowing([State.HELD], "worker-*")))
    assert nanoseconds(message) == {("worker-1", "held"): 1_000_000_000}


@given(profiles())
def test_any_profile(profile: MadeUp) -> None:
    message, states_ns = read(packed(profile)), profile.sums().threads.states_ns.sum(axis=0)
    found = [sum(sample.value[state] for sample in message.sample) for state in State]
    assert found == pytest.approx(states_ns.tolist(), abs=0.5 * len(message.sample) + 0.5)


def test_a_deep_stack_is_cut_and_marked() -> None:
    deep = tuple((f"f{depth}", "/srv/deep.py", depth, depth) for depth in range(4000))
    message = read(packed(MadeUp().threads("a").add(0.1, {0: Seen(State.HELD, deep)})))
    (sample,) = message.sample
    names = [name for name, _, _ in stack(message, sample)]
    assert len(names) == MAX_FRAMES
    assert (names[0], names[-1]) == ("f3999", "f0")
    assert names.count(LEFT_OUT) == 1


def test_nasty_names_and_nothing() -> None:
    nasty = 'a"b;c\nd</script>\udcff\0'
    profile = MadeUp().threads(nasty).add(0.1, {0: Seen(State.HELD, ((nasty, nasty, 1, 1),))})
    message = read(packed(profile))
    assert nanoseconds(message) == {('a"b;c\\nd</script>\\udcff\\x00', "held"): 100_000_000}
    assert len(read(packed(MadeUp())).sample) == 0


def test_the_schema_is_what_protoc_makes_of_it(tmp_path: Path) -> None:
    protoc = pytest.importorskip("grpc_tools.protoc")
    out = tmp_path / "profile.binpb"
    assert protoc.main(["", f"-I{SCHEMA}", f"--descriptor_set_out={out}", "profile.proto"]) == 0
    assert out.read_bytes() == (SCHEMA / "profile.binpb").read_bytes()


@pytest.mark.skipif(GO is None, reason=needs("go"))
@pytest.mark.parametrize(
    ("kind", "sample_type", "expected"),
    [
        ("states", "waiting", {"main": "1500ms", "Worker.step": "250ms", "<module>": "0"}),
        ("states", "held", {"Worker.step": "1000ms", "walk": "1000ms", "main": "250ms"}),
        ("block", "delay", {"main": "1500ms", "Worker.step": "250ms", "<module>": "0"}),
        ("mutex", "delay", {"Worker.step": "1500ms", "main": "250ms"}),
    ],
)
def test_go_tool_pprof(tmp_path: Path, kind: str, sample_type: str, expected: dict[str, str]) -> None:
    file = tmp_path / "run.pb.gz"
    file.write_bytes(packed(all_states(), kind))
    assert GO is not None
    command = [GO, "tool", "pprof", "-top", f"-sample_index={sample_type}", str(file)]
    home = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=home, check=True)
    flat = {name: time for time, name in re.findall(r"^ *(0|\d+ms) .* (\S+)$", done.stdout, re.MULTILINE)}
    assert {name: flat.get(name) for name in expected} == expected, done.stdout
