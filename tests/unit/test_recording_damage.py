"""Torn and damaged recordings: a torn tail is left out, damage is refused, or left out with salvage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gilprof.model import UNREADABLE, Batch
from gilprof.recording.chunks import Chunk
from gilprof.recording.format import HEAD, MAGIC, Kind
from gilprof.recording.reader import LeftOut, Recording
from gilprof.recording.tables import UNKNOWN_TID
from gilprof.recording.writer import HEADER_EVERY, RecordingWriter
from tests.support.facts import INFO, START_NS, Script, joined
from tests.support.recordings import FLUSHES, chunks_of, flipped, read, refusal, second, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.gilprof"


@pytest.fixture
def recorded(path: Path) -> Path:
    write(path, [second(k) for k in range(FLUSHES)])
    return path


def test_torn_at_any_byte(recorded: Path) -> None:
    """Whatever the length at which it was torn: whole chunks count, the rest is counted."""
    whole, chunks = recorded.read_bytes(), chunks_of(recorded)
    facts_before = joined([second(k) for k in range(FLUSHES)])
    around = {one.offset + one.size + away for one in chunks for away in (-1, 0, 1, HEAD.size - 1, HEAD.size)}
    sizes = {*range(chunks[1].offset, len(whole), 23), *around} & set(range(chunks[1].offset, len(whole)))
    for size in sizes:
        recorded.write_bytes(whole[:size])
        batch, left_out = read(recorded)
        begin = max(one.offset for one in chunks if one.offset <= size)
        end = next((one.offset + one.size for one in chunks if one.offset + one.size == size), begin)
        assert left_out == LeftOut(torn_tail_bytes=size - end)
        seconds = sum(one.kind == Kind.FACTS and one.offset + one.size <= size for one in chunks)
        passes = 8 * seconds
        assert np.array_equal(batch.passes, facts_before.passes[:passes])


# Damage.


def damaged_places(path: Path) -> Iterator[tuple[Chunk, int]]:
    """Every part of every head; of payloads the first byte, one in the middle, the last one."""
    for one in chunks_of(path):
        for at in (*range(0, HEAD.size, 3), HEAD.size, HEAD.size + len(one.payload) // 2, one.size - 1):
            yield one, one.offset + at


def test_every_damaged_chunk_is_refused(recorded: Path) -> None:
    whole = recorded.read_bytes()
    for one, at in damaged_places(recorded):
        recorded.write_bytes(flipped(whole, at))
        text = refusal(recorded)
        if one.offset or at >= len(MAGIC):
            assert f"chunk {one.number}" in text
            assert f"at byte {one.offset} is damaged" in text
            assert "--salvage" in text


def test_salvage_leaves_out_the_damaged_chunk_only(recorded: Path) -> None:
    whole, expected = recorded.read_bytes(), joined([second(k) for k in range(FLUSHES)])
    chunks = chunks_of(recorded)
    flush_of = {}
    for one in chunks:
        flush_of[one.number] = sum(other.kind == Kind.FACTS and other.number < one.number for other in chunks)
    for one, at in damaged_places(recorded):
        recorded.write_bytes(flipped(whole, at))
        batch, left_out = read(recorded, salvage=True)
        assert left_out == LeftOut(damaged_chunks=1, damaged_bytes=one.size)
        flush = flush_of[one.number]
        lost_stacks = one.kind in (Kind.FUNCTIONS, Kind.FRAMES, Kind.STACKS)
        in_flush = expected.passes["t_ns"] // 1_000_000_000 - START_NS // 1_000_000_000 == flush
        in_lost = np.repeat(in_flush, expected.passes["look_count"])
        kept = ~in_lost if one.kind == Kind.FACTS else np.ones(len(expected.looks), np.bool_)
        assert len(batch.passes) == len(expected.passes) - (8 if one.kind == Kind.FACTS else 0)
        assert np.array_equal(batch.looks["thread"], expected.looks["thread"][kept])
        assert np.array_equal(batch.looks["cpu_ns"], expected.looks["cpu_ns"][kept])
        lost_from = flush if lost_stacks else FLUSHES
        names = [f"f{k}" for k in range(FLUSHES)]
        for before, after in zip(expected.looks["stack"][kept], stacks_by_name(batch), strict=True):
            assert after == (None if before >= lost_from else names[: before + 1])
        if one.kind == Kind.THREADS:
            tids = [100 + k if k != flush else UNKNOWN_TID for k in range(FLUSHES)]
            assert [thread.tid for thread in batch.threads] == tids
        else:
            assert batch.threads == expected.threads
        assert batch.ended == (None if one.kind == Kind.END else "exit")


def stacks_by_name(batch: Batch) -> list[list[str] | None]:
    """The function names of each look's stack, outermost first; None for ``UNREADABLE``."""
    out: list[list[str] | None] = []
    for stack in batch.looks["stack"]:
        names = []
        at = int(stack)
        while at >= 0:
            parent, frame = batch.stacks[at]
            names.append(batch.functions[batch.frames[frame][0]].name)
            at = int(parent)
        out.append(None if stack == UNREADABLE else names[::-1])
    return out


def test_salvage_when_bytes_were_lost_or_came_in(recorded: Path) -> None:
    whole, chunks = recorded.read_bytes(), chunks_of(recorded)
    facts = [one for one in chunks if one.kind == Kind.FACTS][1]
    middle = facts.offset + facts.size // 2
    for content in (whole[:middle] + whole[middle + 9 :], whole[:middle] + b"\0" * 5000 + whole[middle:]):
        recorded.write_bytes(content)
        batch, left_out = read(recorded, salvage=True)
        assert left_out == LeftOut(0, 1, facts.size + len(content) - len(whole))
        assert len(batch.passes) == 8 * (FLUSHES - 1)


def test_the_header_is_written_again_and_again(path: Path) -> None:
    """Without an end, as after a kill: salvage finds a header although the first one is damaged."""
    writer = RecordingWriter(path, INFO)
    for i in range(HEADER_EVERY):
        writer.write(Script().at(i).runs("main").batch())
        writer.flush()
    path.write_bytes(flipped(path.read_bytes(), HEAD.size))
    with Recording.open(path, salvage=True) as recording:
        assert recording.info == INFO
    writer.close()
