"""The flight recorder's memory: the last seconds, as a recording that says what it would have said of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gilprof.model import Batch, Health, ThreadSeen
from gilprof.recording import kept_process
from gilprof.recording.kept import KeptRecording
from gilprof.recording.reader import Recording
from tests.support.facts import INFO
from tests.support.load import busy

SECONDS = 8
KEEP_S = 2.0


def read(recording: KeptRecording, path: Path) -> tuple[np.ndarray, np.ndarray, Batch]:
    """All passes and looks, and the last batch."""
    path.write_bytes(b"".join(recording.chunks()))
    with Recording.open(path) as opened:
        batches = list(opened.batches())
    passes = np.concatenate([batch.passes for batch in batches])
    looks = np.concatenate([batch.looks for batch in batches])
    return passes, looks, batches[-1]


def test_the_last_seconds_are_what_they_were(tmp_path: Path) -> None:
    recording, batches = KeptRecording(INFO, KEEP_S), list(busy(SECONDS))
    for batch in batches:
        recording.add(batch)
    passes, looks, last = read(recording, tmp_path / "a.gilprof")
    all_passes = np.concatenate([batch.passes for batch in batches])
    all_looks = np.concatenate([batch.looks for batch in batches])
    np.testing.assert_array_equal(passes, all_passes[-len(passes) :])
    np.testing.assert_array_equal(looks, all_looks[-len(looks) :])
    kept_s = (passes["t_ns"][-1] - passes["t_ns"][0]) / 1e9
    assert KEEP_S - 0.1 < kept_s < KEEP_S + 1.2
    assert last.health.passes == pytest.approx(len(passes), abs=1)


def test_before_there_is_more_than_that(tmp_path: Path) -> None:
    recording, batches = KeptRecording(INFO, 60.0), list(busy(1))
    for batch in batches:
        recording.add(batch)
    passes, _, _ = read(recording, tmp_path / "a.gilprof")
    assert len(passes) == sum(len(batch.passes) for batch in batches)


def test_nothing_yet(tmp_path: Path) -> None:
    (tmp_path / "a.gilprof").write_bytes(b"".join(KeptRecording(INFO, 60.0).chunks()))
    with Recording.open(tmp_path / "a.gilprof") as opened:
        assert sum(len(batch.passes) for batch in opened.batches()) == 0


def test_writing_changes_nothing(tmp_path: Path) -> None:
    written, quiet = KeptRecording(INFO, KEEP_S), KeptRecording(INFO, KEEP_S)
    for number, batch in enumerate(busy(SECONDS)):
        written.add(batch)
        quiet.add(batch)
        if number % 7 == 0:
            list(written.chunks())
    ours, others = read(written, tmp_path / "a.gilprof"), read(quiet, tmp_path / "b.gilprof")
    common = min(len(ours[0]), len(others[0]))
    np.testing.assert_array_equal(ours[0][-common:], others[0][-common:])
    assert common / INFO.asked_hz > KEEP_S - 0.1


def test_memory_is_bounded_by_size_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_process, "MAX_BYTES", 60_000)
    recording = KeptRecording(INFO, 60.0)
    for batch in busy(SECONDS):
        recording.add(batch)
    passes, _, _ = read(recording, tmp_path / "a.gilprof")
    assert (tmp_path / "a.gilprof").stat().st_size < 100_000
    assert 0 < len(passes) < SECONDS * INFO.asked_hz / 2


def test_threads_that_ended_before_are_forgotten(tmp_path: Path) -> None:
    recording = KeptRecording(INFO, 1.0)
    for number, batch in enumerate(busy(SECONDS)):
        t_ns = int(batch.passes["t_ns"][-1])
        ends = ThreadSeen(1000 + number, 77, "short", t_ns)
        recording.add(replace(batch, threads=(*batch.threads, ends), health=Health(passes=100 * (number + 1))))
    path = tmp_path / "a.gilprof"
    path.write_bytes(b"".join(recording.chunks()))
    with Recording.open(path) as opened:
        threads = [thread for batch in opened.batches() for thread in batch.threads]
    short = [thread.id for thread in threads if thread.name == "short"]
    assert 10 <= len(short) <= 25
    assert max(short) == 1000 + SECONDS * 10 - 1
