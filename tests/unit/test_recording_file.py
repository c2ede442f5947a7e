"""Recordings as files: what is written is read, and what is no recording is refused in one line."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import pytest

from gilprof.recording.format import HEAD, MAGIC, MAJOR, Kind, chunk
from gilprof.recording.reader import LeftOut, Recording
from gilprof.recording.replay import ReplaySource
from gilprof.recording.writer import RecordingWriter
from gilprof.sources.base import Source
from tests.support.facts import INFO, START_NS, Script, assert_same, joined
from tests.support.load import busy, idle
from tests.support.recordings import FLUSHES, chunks_of, read, refusal, second, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.gilprof"


@pytest.fixture
def recorded(path: Path) -> Path:
    write(path, [second(k) for k in range(FLUSHES)])
    return path


def test_what_was_written_is_read(recorded: Path) -> None:
    batch, left_out = read(recorded)
    assert_same(batch, joined([second(k) for k in range(FLUSHES)]))
    assert left_out == LeftOut()


def test_facts_of_many_seconds(path: Path) -> None:
    batches = list(busy(seconds=3))
    with RecordingWriter(path, INFO) as writer:
        for batch in batches:
            writer.write(batch)
    assert_same(read(path)[0], joined(batches))


def test_one_batch_larger_than_a_chunk(path: Path) -> None:
    batch = joined(list(busy(seconds=5, threads=20)))
    write(path, [batch])
    assert len(batch.looks) > 2 * 32_768
    assert_same(read(path)[0], batch)


def test_replays_as_a_source(recorded: Path) -> None:
    source: Source = ReplaySource(Recording.open(recorded))
    batches = []
    while (batch := source.drain()) is not None:
        batches.append(batch)
    assert source.drain() is None
    assert source.info == INFO
    assert_same(joined(batches), joined([second(k) for k in range(FLUSHES)]))
    source.close()
    source.close()


def test_is_read_while_it_is_written(path: Path) -> None:
    writer = RecordingWriter(path, INFO)
    assert_same(read(path)[0], joined([]))
    writer.write(second(0))
    writer.flush()
    assert_same(read(path)[0], second(0))
    writer.close()
    writer.close()


def test_is_written_once_a_second_by_the_facts_clock(path: Path) -> None:
    writer = RecordingWriter(path, INFO)
    behind_ns = []
    for batch in idle(seconds=3):
        writer.write(batch)
        on_disk = read(path)[0].passes["t_ns"]
        behind_ns.append(batch.passes["t_ns"][-1] - (on_disk[-1] if len(on_disk) else START_NS))
    assert max(behind_ns) < 1_000_000_000
    assert min(behind_ns) == 0
    writer.close()


def test_the_end_of_the_target_is_written_at_once(path: Path) -> None:
    writer = RecordingWriter(path, INFO)
    writer.write(Script().at(0).runs("main").batch(ended="exit"))
    assert len(read(path)[0].passes) == 1
    writer.close()
    assert read(path)[0].ended == "exit"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"PK\3\4 some other file, long enough to be a whole chunk", "not a gilprof recording"),
        (MAGIC[:5], "ends before its header"),
        (chunk(Kind.HEADER, b"{}")[:-1], "ends before its header"),
        (chunk(Kind.HEALTH, b"{}"), "does not begin with a header"),
        (chunk(Kind.HEADER, b"{}"), "chunk 0 (header) at byte 0 is damaged"),
    ],
)
def test_not_a_recording(path: Path, content: bytes, words: str) -> None:
    path.write_bytes(content)
    assert words in refusal(path)
    refusal(path, salvage=True)


def test_missing_file_and_folder(path: Path) -> None:
    assert "No such file" in refusal(path)
    assert "not a regular file" in refusal(path.parent)


def test_fifo_is_refused_without_waiting(path: Path) -> None:
    os.mkfifo(path)
    assert "not a regular file" in refusal(path)


def test_newer_format(recorded: Path) -> None:
    """As a newer gilprof would write it: another major version, checksums in order."""
    raw = bytearray(recorded.read_bytes())
    raw[len(MAGIC)] = MAJOR + 1
    raw[HEAD.size - 4 : HEAD.size] = struct.pack("<I", zlib.crc32(raw[: HEAD.size - 4]))
    recorded.write_bytes(raw)
    for salvage in (False, True):
        assert f"format {MAJOR + 1}" in refusal(recorded, salvage)
        assert "newer gilprof" in refusal(recorded, salvage)


def test_chunks_of_unknown_kind_are_passed_over(recorded: Path) -> None:
    whole = recorded.read_bytes()
    at = chunks_of(recorded)[3].offset
    unknown = chunk("episodes", b"from a later minor version")  # type: ignore[arg-type]
    recorded.write_bytes(whole[:at] + unknown + whole[at:])
    assert_same(read(recorded)[0], joined([second(k) for k in range(FLUSHES)]))
