"""How large recordings become, and what writing and reading them costs (docs/recording-format.md has figures)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gilprof.model import Batch
from gilprof.recording.reader import Recording
from gilprof.recording.writer import RecordingWriter
from tests.support.facts import INFO
from tests.support.load import busy, idle

SECONDS = 20
MAX_WRITE_SHARE = 0.01
"""Of a core."""
MAX_READ_SHARE = 5.0 / 600
"""Ten minutes in five seconds, and that is for all of a report."""


@pytest.mark.parametrize(
    ("batches", "megabytes_a_minute"),
    [
        pytest.param(busy(SECONDS), 4.0, id="10 threads wait for the GIL"),
        pytest.param(busy(SECONDS, released=True), 4.0, id="10 threads run without the GIL"),
        pytest.param(idle(SECONDS), 1.0, id="10 threads sleep"),
    ],
)
def test_size_and_cost(tmp_path: Path, batches: Iterator[Batch], megabytes_a_minute: float) -> None:
    path = tmp_path / "load.gilprof"
    prepared = list(batches)
    start = time.process_time()
    with RecordingWriter(path, INFO) as writer:
        for batch in prepared:
            writer.write(batch)
    write_s = time.process_time() - start
    with Recording.open(path) as recording:
        passes = sum(len(batch.passes) for batch in recording.batches())
    read_s = time.process_time() - start - write_s
    assert passes == SECONDS * 1000
    assert path.stat().st_size * 60 / SECONDS < megabytes_a_minute * 1e6
    assert write_s / SECONDS < MAX_WRITE_SHARE
    assert read_s / SECONDS < MAX_READ_SHARE
