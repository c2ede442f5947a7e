"""Laws of recordings: nothing is lost or invented, however the facts were cut; and no file breaks the reader."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gilprof.errors import FileError
from gilprof.model import NONE, UNREADABLE, Batch
from gilprof.recording.columns import OWN_COLUMNS, decode, encode
from gilprof.recording.format import Kind, chunk
from gilprof.recording.reader import LeftOut, Recording
from gilprof.recording.writer import RecordingWriter
from gilprof.sources.scripted import ScriptedSource
from tests.support.facts import INFO, assert_same, batch_lists, cut, joined
from tests.support.recordings import FLUSHES, chunks_of, read, second, write


def recorded(batches: list[Batch], flushes: list[bool]) -> tuple[Batch, LeftOut]:
    """What is read of ``batches``, some of them flushed."""
    source = ScriptedSource(INFO, batches)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "some.gilprof")
        with RecordingWriter(path, source.info) as writer:
            for flush in flushes:
                batch = source.drain()
                if batch is not None:
                    writer.write(batch)
                if flush:
                    writer.flush()
            while (batch := source.drain()) is not None:
                writer.write(batch)
        return read(path)


@given(batches=batch_lists(), flushes=st.lists(st.booleans(), max_size=4))
@settings(max_examples=150, deadline=None)
def test_what_is_read_is_what_was_written(batches: list[Batch], flushes: list[bool]) -> None:
    batch, left_out = recorded(batches, flushes)
    assert_same(batch, joined(batches))
    assert left_out == LeftOut()


@given(batches=batch_lists(), flushes=st.lists(st.booleans(), max_size=6), data=st.data())
@settings(max_examples=100, deadline=None)
def test_how_the_facts_were_cut_does_not_matter(batches: list[Batch], flushes: list[bool], data: st.DataObject) -> None:
    whole = joined(batches)
    ends = data.draw(st.lists(st.integers(0, len(whole.passes)), max_size=5))
    assert_same(recorded(cut(whole, ends), flushes)[0], whole)


@given(batches=batch_lists())
@settings(max_examples=100, deadline=None)
def test_columns_are_restored(batches: list[Batch]) -> None:
    whole = joined(batches)
    for rows, columns in ((whole.passes, OWN_COLUMNS.passes), (whole.looks, OWN_COLUMNS.looks)):
        restored = np.zeros_like(rows)
        decode(*encode(rows, columns), restored, columns)
        for column in columns:
            if column.by_change:
                assert np.array_equal(restored[column.name], rows[column.name])


@given(data=st.data())
@settings(max_examples=400, deadline=None)
def test_no_content_breaks_the_reader(data: st.DataObject) -> None:
    """One chunk's payload is changed, and its checksums are in order: it is refused, or gives lawful batches."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "some.gilprof")
        write(path, [second(k) for k in range(FLUSHES)])
        chunks = chunks_of(path)
        victim = data.draw(st.sampled_from(chunks))
        payload = bytearray(victim.payload)
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(payload) - 1))
            payload[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
        changed = chunk(Kind(victim.kind), bytes(payload))
        whole = path.read_bytes()
        path.write_bytes(whole[: victim.offset] + changed + whole[victim.offset + victim.size :])
        for salvage in (False, True):
            try:
                with Recording.open(path, salvage) as recording:
                    assert_lawful(list(recording.batches()))
            except FileError as error:
                assert not salvage or "header" in str(error)


def assert_lawful(batches: list[Batch]) -> None:
    """What whoever reads batches may rely on."""
    threads: set[int] = set()
    functions = frames = stacks = 0
    last_ns = 0
    for batch in batches:
        threads |= {thread.id for thread in batch.threads}
        functions += len(batch.functions)
        assert ((batch.frames[:, 0] >= 0) & (batch.frames[:, 0] < functions)).all()
        frames += len(batch.frames)
        assert ((batch.stacks[:, 1] >= 0) & (batch.stacks[:, 1] < frames)).all()
        ids = stacks + np.arange(len(batch.stacks))
        assert ((batch.stacks[:, 0] >= NONE) & (batch.stacks[:, 0] < ids)).all()
        stacks += len(batch.stacks)
        assert batch.passes["look_count"].sum() == len(batch.looks)
        assert set(batch.looks["thread"].tolist()) <= threads
        assert set(batch.passes["holder"].tolist()) <= threads | {NONE, UNREADABLE}
        assert ((batch.looks["stack"] >= UNREADABLE) & (batch.looks["stack"] < stacks)).all()
        for t_ns in batch.passes["t_ns"].tolist():
            assert t_ns >= last_ns
            last_ns = t_ns
