"""A small recording of which every chunk matters, and what is in a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gilprof.errors import FileError
from gilprof.model import Batch, Function, Health, ThreadSeen
from gilprof.recording.chunks import Chunk, scan
from gilprof.recording.reader import LeftOut, Recording
from gilprof.recording.writer import RecordingWriter
from tests.support.facts import INFO, Script, joined

FLUSHES = 4


def second(k: int) -> Batch:
    """Batch ``k`` of a recording: one more thread, function, frame, stack, and looks at all so far."""
    script = Script()
    for thread in range(k + 1):
        script.thread(f"worker-{thread}")
    for i in range(8):
        script.at(1000 * k + i)
        for thread in range(k + 1):
            script.runs(f"worker-{thread}", stack=(i + thread) % (k + 1), cpu_ms=0.5)
    facts = script.batch(ended="exit" if k == FLUSHES - 1 else None)
    return Batch(
        passes=facts.passes,
        looks=facts.looks,
        functions=(Function(f"f{k}", "app.py", k),),
        frames=np.array([[k, 10 + k]], np.int32),
        stacks=np.array([[k - 1, k]], np.int32),
        threads=(ThreadSeen(k, 100 + k, f"worker-{k}"),),
        health=Health(passes=k + 1),
        ended=facts.ended,
    )


def write(path: Path, batches: list[Batch]) -> None:
    """One flush a batch."""
    with RecordingWriter(path, INFO) as writer:
        for batch in batches:
            writer.write(batch)
            writer.flush()


def read(path: Path, salvage: bool = False) -> tuple[Batch, LeftOut]:
    with Recording.open(path, salvage) as recording:
        assert recording.info == INFO
        return joined(list(recording.batches())), recording.left_out


def chunks_of(path: Path) -> list[Chunk]:
    with path.open("rb") as file:
        found = list(scan(file.fileno(), path.stat().st_size))
    assert all(isinstance(one, Chunk) for one in found)
    return [one for one in found if isinstance(one, Chunk)]


def refusal(path: Path, salvage: bool = False) -> str:
    """The one line with which the file is refused."""
    with pytest.raises(FileError) as caught:
        read(path, salvage)
    text = str(caught.value)
    assert "\n" not in text
    assert str(path) in text
    assert caught.value.next_step
    return text


def flipped(whole: bytes, at: int) -> bytes:
    """One bit of the byte ``at`` is another one."""
    return whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :]
