"""Recordings that cannot be written, or not any further."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gilprof.errors import FileError
from gilprof.recording.reader import LeftOut
from gilprof.recording.writer import RecordingWriter
from tests.support.facts import INFO, assert_same, joined
from tests.support.full import files_up_to
from tests.support.load import busy
from tests.support.recordings import FLUSHES, read, second, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.gilprof"


@pytest.fixture
def recorded(path: Path) -> Path:
    write(path, [second(k) for k in range(FLUSHES)])
    return path


def test_existing_file_needs_force(recorded: Path) -> None:
    before = recorded.read_bytes()
    with pytest.raises(FileError, match="--force"):
        RecordingWriter(recorded, INFO)
    assert recorded.read_bytes() == before
    with RecordingWriter(recorded, INFO, force=True) as writer:
        writer.write(second(0))
    assert_same(read(recorded)[0], second(0))


def test_force_keeps_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="Is a directory"):
        RecordingWriter(tmp_path, INFO, force=True)
    assert tmp_path.is_dir()


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="No such file"):
        RecordingWriter(tmp_path / "missing" / "x.gilprof", INFO)


def test_full_device() -> None:
    with pytest.raises(FileError, match="No space left"):
        RecordingWriter("/dev/full", INFO, force=True)


def test_full_disk_before_anything_was_written(path: Path) -> None:
    with files_up_to(100), pytest.raises(FileError, match="nothing was recorded"):
        RecordingWriter(path, INFO)
    assert not path.exists()


@pytest.mark.parametrize("room", [3_000, 60_000, 123_457])
def test_full_disk(path: Path, room: int) -> None:
    """One error, then the writer takes batches and writes nothing; what was written before is whole."""
    batches = list(busy(seconds=10))
    errors = 0
    with RecordingWriter(path, INFO) as writer, files_up_to(room):
        for batch in batches:
            try:
                writer.write(batch)
            except FileError as error:
                errors += 1
                assert "File too large" in str(error)
        writer.flush()
    assert errors == 1
    assert path.stat().st_size <= room
    batch, left_out = read(path)
    assert left_out == LeftOut()
    expected = joined(batches).looks
    assert np.array_equal(batch.looks, expected[: len(batch.looks)])
    assert (len(batch.looks) > 0) == (room > 50_000)
