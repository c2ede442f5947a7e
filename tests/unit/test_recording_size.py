"""How large recordings become, and what writing and reading them costs (docs/recording-format.md has figures)."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from gilprof.model import Batch
from gilprof.recording.reader import Recording
from gilprof.recording.writer import RecordingWriter
from tests.support.facts import INFO
from tests.support.load import busy, idle

SECONDS = 20
ROUNDS = 3
MAX_WRITE_SHARE = 0.01
"""Of a core, where deflating takes ``DEFLATE_S``."""
MAX_READ_SHARE = 5.0 / 600
"""Ten minutes in five seconds, and that is for all of a report."""
DEFLATED = np.random.default_rng(1).integers(0, 16, 1 << 22, np.uint8).tobytes()
DEFLATE_S = 0.06
"""CPU time that deflating these takes on the machine that the shares are for. How fast a machine is may change from
minute to minute; this changes with it."""


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
    # Other processes only add to it, by what they take of the caches: the least of some is what it costs.
    works = (lambda: zlib.compress(DEFLATED, 1), lambda: write(path, prepared), lambda: read(path))
    rounds = [[cpu_s(work) for work in works] for _ in range(ROUNDS)]
    deflate_s, write_s, read_s = map(min, zip(*rounds, strict=True))
    slower = deflate_s / DEFLATE_S
    assert path.stat().st_size * 60 / SECONDS < megabytes_a_minute * 1e6
    assert write_s / SECONDS < MAX_WRITE_SHARE * slower
    assert read_s / SECONDS < MAX_READ_SHARE * slower


def write(path: Path, batches: Sequence[Batch]) -> None:
    with RecordingWriter(path, INFO, force=True) as writer:
        for batch in batches:
            writer.write(batch)


def read(path: Path) -> None:
    with Recording.open(path) as recording:
        assert sum(len(batch.passes) for batch in recording.batches()) == SECONDS * 1000


def cpu_s(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
