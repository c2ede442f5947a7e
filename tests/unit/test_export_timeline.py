"""Runs of looks: what is merged, what is kept in the file, and what happens where that takes no more."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from gilprof.errors import FileError
from gilprof.exporters import timeline as module
from gilprof.exporters.spool import Spool
from gilprof.exporters.timeline import SLICE_DTYPE, Timeline
from gilprof.model import NONE, State
from tests.support.exported import every_state, profiled
from tests.support.facts import START_NS, Script, cut


def slices(timeline: Timeline, thread: int) -> list[tuple[State, float, float, int]]:
    """State, begin and end in milliseconds, blocker."""
    timeline.finish()
    return [
        (State(row["state"]), (row["start_ns"] - START_NS) / 1e6, (row["end_ns"] - START_NS) / 1e6, row["blocker"])
        for block in timeline.slices(thread)
        for row in block
    ]


def test_looks_at_the_same_are_one_slice() -> None:
    _, timeline = profiled([every_state().batch()])
    assert slices(timeline, 0) == [
        (State.HELD, 0, 599, NONE),
        (State.HELD_BLOCKED, 599, 899, NONE),
        (State.WAITING, 899, 1099, 1),
        (State.RELEASED, 1199, 1699, NONE),
        (State.BLOCKED, 1699, 1999, NONE),
    ]


def test_another_stack_is_another_slice() -> None:
    script = Script()
    for ms, line in enumerate([1, 1, 2, 2, 2]):
        script.at(ms).holds("main", f"f a.py:{line}")
    _, timeline = profiled([script.batch()])
    assert slices(timeline, 0) == [(State.HELD, 0, 1, NONE), (State.HELD, 1, 4, NONE)]


def test_a_thread_that_is_not_seen_for_a_pass_has_two_slices() -> None:
    script = Script()
    for ms in range(6):
        script.at(ms).blocks("other")
        if ms != 3:
            script.blocks("main")
    _, timeline = profiled([script.batch()])
    assert slices(timeline, 1) == [(State.BLOCKED, 0, 2, NONE), (State.BLOCKED, 3, 5, NONE)]


@pytest.mark.parametrize("rows", [1, 3, 1000])
def test_batches_and_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    whole = every_state().batch()
    _, expected = profiled([whole])
    monkeypatch.setattr(module, "BLOCK_ROWS", rows)
    _, found = profiled(cut(whole, range(0, 1700, 7)))
    for thread in range(3):
        assert slices(found, thread) == slices(expected, thread)


def test_a_tid_says_who_it_is_also_without_a_name() -> None:
    _, timeline = profiled([replace(every_state().batch(), threads=())])
    assert [seen.name for seen in timeline.threads.values()] == ["thread 0", "thread 1", "thread 2"]


def test_no_room_for_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", partial(Path("/dev/full").open, "r+b"))
    spool, block = Spool(SLICE_DTYPE), np.zeros(10, SLICE_DTYPE)
    with pytest.raises(FileError, match="TMPDIR"):
        spool.add(block)
