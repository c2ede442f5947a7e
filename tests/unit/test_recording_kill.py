"""A recorder that is killed with -9 at any moment leaves a file that can be read."""

from __future__ import annotations

import multiprocessing
import random
import signal
import struct
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

from gilprof.model import Batch
from gilprof.recording.writer import RecordingWriter
from tests.support.facts import INFO, joined
from tests.support.load import busy
from tests.support.recordings import read

KILLS = 30
SECONDS = 20
MAX_LOST_NS = 1_000_000_000


@pytest.fixture(scope="module")
def batches() -> list[Batch]:
    return list(busy(SECONDS))


@pytest.mark.parametrize("seed", range(KILLS))
def test_kill_loses_at_most_the_last_second(tmp_path: Path, batches: list[Batch], seed: int) -> None:
    """The child says after each batch up to when it was told; it works as fast as it can until it is killed."""
    path = tmp_path / "killed.gilprof"
    context = multiprocessing.get_context("fork")
    listener, teller = context.Pipe(duplex=False)
    child = context.Process(target=record, args=(path, batches, teller))
    child.start()
    teller.close()
    for _ in range(random.Random(seed).randrange(1, len(batches))):
        told_ns = hear(listener)
    child.kill()
    child.join()
    while (more := hear(listener)) is not None:
        told_ns = more
    listener.close()
    assert child.exitcode == -9
    assert told_ns is not None

    batch, left_out = read(path)
    assert left_out.damaged_chunks == 0
    expected = joined(batches)
    count = len(batch.passes)
    last_ns = int(batch.passes["t_ns"][-1]) if count else int(expected.passes["t_ns"][0])
    assert told_ns - last_ns <= MAX_LOST_NS
    assert np.array_equal(batch.passes, expected.passes[:count])
    assert np.array_equal(batch.looks, expected.looks[: len(batch.looks)])
    assert batch.functions == expected.functions[: len(batch.functions)]


def record(path: Path, batches: list[Batch], teller: Connection) -> None:
    writer = RecordingWriter(path, INFO)
    for batch in batches:
        writer.write(batch)
        teller.send_bytes(struct.pack("<q", batch.passes["t_ns"][-1]))
    signal.pause()  # it never closes the file, however late the kill comes


def hear(listener: Connection) -> int | None:
    """None when the other end is closed."""
    try:
        [t_ns] = struct.unpack("<q", listener.recv_bytes())
    except (EOFError, OSError):
        return None
    assert isinstance(t_ns, int)
    return t_ns
