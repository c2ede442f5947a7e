"""A recording of several processes: each has what it had, also where parts of the file are damaged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gilprof.model import Batch, PassArray
from gilprof.recording.format import HEAD, MAX_PROCESSES, Kind, chunk
from gilprof.recording.kept import KeptRecording
from gilprof.recording.reader import LeftOut, Recording
from gilprof.recording.texts import encode_header, encode_process
from gilprof.recording.writer import HEADER_EVERY, RecordingWriter
from tests.support.facts import INFO, assert_same, batch_lists, joined
from tests.support.recordings import FLUSHES, chunks_of, flipped, refusal, second, write

TARGETS = [replace(INFO, pid=INFO.pid + number, command=("worker", str(number))) for number in range(3)]


def of_process(number: int, batches: Sequence[Batch]) -> list[Batch]:
    """The first one brings the target, but for process 0."""
    return [
        replace(batch, process=number, target=TARGETS[number] if number and not row else None)
        for row, batch in enumerate(batches)
    ]


def seconds() -> list[Batch]:
    return [second(k) for k in range(FLUSHES)]


def later(batch: Batch, ns: int) -> PassArray:
    passes = batch.passes.copy()
    passes["t_ns"] += ns
    return passes


def in_turns(processes: int = 2) -> list[Batch]:
    """``FLUSHES`` seconds of each; no two have a pass at the same time."""
    lines = [
        of_process(number, [replace(batch, passes=later(batch, 1_000 * number)) for batch in seconds()])
        for number in range(processes)
    ]
    return [batch for at_once in zip(*lines, strict=True) for batch in at_once]


def read_all(path: Path, salvage: bool = False) -> tuple[dict[int, list[Batch]], LeftOut]:
    """The batches of each process."""
    found: dict[int, list[Batch]] = {}
    with Recording.open(path, salvage) as recording:
        assert recording.info == INFO
        for batch in recording.batches():
            found.setdefault(batch.process, []).append(batch)
        return found, recording.left_out


def check_targets(found: dict[int, list[Batch]]) -> None:
    for number, batches in found.items():
        first, *others = (batch.target for batch in batches)
        assert first == (TARGETS[number] if number else None)
        assert not any(others)


@given(lines=st.tuples(*[batch_lists()] * 3), data=st.data())
@settings(max_examples=50, deadline=None)
def test_what_is_read_is_what_was_written(
    lines: tuple[list[Batch], ...], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("some") / "some.gilprof"
    rest = [of_process(number, batches) for number, batches in enumerate(lines)]
    with RecordingWriter(path, INFO) as writer:
        while any(rest):
            writer.write(data.draw(st.sampled_from([line for line in rest if line])).pop(0))
            if data.draw(st.booleans()):
                writer.flush()
    found, left_out = read_all(path)
    assert left_out == LeftOut()
    check_targets(found)
    for number, batches in enumerate(lines):
        if batches:
            assert_same(joined(found[number]), joined(batches))
    assert set(found) <= {0, *(number for number, batches in enumerate(lines) if batches)}


def test_one_process_needs_no_chunk_for_it(tmp_path: Path) -> None:
    write(tmp_path / "one.gilprof", seconds())
    assert Kind.PROCESS not in [one.kind for one in chunks_of(tmp_path / "one.gilprof")]


def test_a_process_that_begins_without_its_target_is_a_mistake(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "it.gilprof", INFO) as writer:
        writer.write(replace(second(0), process=1))
        with pytest.raises(ValueError, match="without its target"):
            writer.flush()


def times(found: dict[int, list[Batch]]) -> list[set[int]]:
    """Of the passes of processes 0 and 1."""
    return [{int(t_ns) for batch in found[number] for t_ns in batch.passes["t_ns"]} for number in range(2)]


def test_damage_is_never_charged_to_another_process(tmp_path: Path) -> None:
    """Each chunk in turn is damaged, in its payload and in its head: what is read of a process is its own. A head that
    is not intact may have been a process's: its second is lost, and no more than that."""
    path = tmp_path / "some.gilprof"
    write(path, in_turns())
    whole, lawful = path.read_bytes(), times(read_all(path)[0])
    assert not lawful[0] & lawful[1]
    for one in chunks_of(path):
        for at in (one.offset, one.offset + HEAD.size + len(one.payload) // 2):
            path.write_bytes(flipped(whole, at))
            assert refusal(path)
            found, left_out = read_all(path, salvage=True)
            assert left_out.damaged_chunks >= 1
            seen = times(found)
            assert seen[0] <= lawful[0]
            assert seen[1] <= lawful[1]
            assert len(seen[0] | seen[1]) >= len(lawful[0] | lawful[1]) - 8


def test_what_follows_a_damaged_process_chunk_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "some.gilprof"
    write(path, in_turns())
    whole, lawful = path.read_bytes(), times(read_all(path)[0])
    begins = [one for one in chunks_of(path) if one.kind == Kind.PROCESS]
    assert len(begins) > 2 * FLUSHES - 2
    path.write_bytes(flipped(whole, begins[2].offset + HEAD.size))
    found, left_out = read_all(path, salvage=True)
    assert [len(mine) for mine in times(found)] == [len(lawful[0]), len(lawful[1]) - 8]
    assert left_out.damaged_chunks > 1


def test_the_only_process_chunk_may_be_the_damaged_one(tmp_path: Path) -> None:
    """A file that was torn behind the second process's first second."""
    path = tmp_path / "some.gilprof"
    write(path, [second(0), *of_process(1, [replace(second(0), passes=later(second(0), 1_000_000_000))])])
    whole, lawful = path.read_bytes(), times(read_all(path)[0])
    first, then, *_ = [one for one in chunks_of(path) if one.kind == Kind.PROCESS]
    path.write_bytes(flipped(whole, first.offset + HEAD.size)[: then.offset])
    found, _ = read_all(path, salvage=True)
    assert set(found) == {0}
    assert {int(t_ns) for batch in found[0] for t_ns in batch.passes["t_ns"]} <= lawful[0]


def test_the_process_is_repeated_with_the_header(tmp_path: Path) -> None:
    """Salvage finds its way again also where only one process is left."""
    path = tmp_path / "some.gilprof"
    first, *_ = of_process(1, [second(0)])
    empty = replace(second(0), functions=(), threads=(), frames=first.frames[:0], stacks=first.stacks[:0], process=1)
    with RecordingWriter(path, INFO) as writer:
        writer.write(first)
        for _ in range(HEADER_EVERY):
            writer.write(empty)
            writer.flush()
    kinds = [one.kind for one in chunks_of(path)]
    copy = kinds.index(Kind.HEADER, 1)
    assert kinds[copy + 1] == Kind.PROCESS
    assert Kind.PROCESS not in kinds[2:copy]


def test_the_end_of_each(tmp_path: Path) -> None:
    path = tmp_path / "some.gilprof"
    write(path, [second(0), *of_process(1, [replace(second(0), ended="signal 9")])])
    found, _ = read_all(path)
    assert (found[0][-1].ended, found[1][-1].ended) == (None, "signal 9")


@pytest.mark.parametrize("number", [-1, MAX_PROCESSES, 1 << 70, 0.5, True, None, "1"])
def test_numbers_out_of_range_are_refused(number: object, tmp_path: Path) -> None:
    values = json.loads(encode_process(1, INFO))
    values["process"] = number
    path = tmp_path / "bad.gilprof"
    path.write_bytes(chunk(Kind.HEADER, encode_header(INFO)) + chunk(Kind.PROCESS, json.dumps(values).encode()))
    assert "chunk 1 (process)" in refusal(path)


def test_the_last_seconds_of_each(tmp_path: Path) -> None:
    kept = KeptRecording(INFO, 60.0)
    for batch in in_turns(3):
        kept.add(batch)
    path = tmp_path / "kept.gilprof"
    path.write_bytes(b"".join(kept.chunks()))
    found, left_out = read_all(path)
    assert left_out == LeftOut()
    check_targets(found)
    expected = joined(seconds())
    for number in range(3):
        assert len(joined(found[number]).passes) == len(expected.passes)
        assert joined(found[number]).functions == expected.functions
    assert kept.last_t_ns == expected.passes["t_ns"][-1] + 2_000
