"""The rate follows what is free: each pass counts for the time before it, whatever the rate was at that moment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gilprof.analysis.profile import Profile
from gilprof.model import (
    LOOK_DTYPE,
    PASS_DTYPE,
    SYSCALL_RUNNING,
    Batch,
    Function,
    LookArray,
    PassArray,
    TargetInfo,
    ThreadSeen,
)
from gilprof.recording.reader import Recording
from gilprof.recording.writer import RecordingWriter
from gilprof.report.build import build_report
from gilprof.report.health import health
from tests.support.facts import HOLDS, INFO, START_NS

MS = 1_000_000
FOLLOWS = replace(INFO, asked_hz=1000.0)


def facts(gaps_ms: list[int], aimed_ms: list[int], held: list[bool]) -> tuple[PassArray, LookArray]:
    """One thread that has the GIL, or computes without it; passes with these gaps before them."""
    passes, looks = np.zeros(len(gaps_ms), PASS_DTYPE), np.zeros(len(gaps_ms), LOOK_DTYPE)
    has = np.array(held)
    passes["t_ns"] = START_NS + np.cumsum(gaps_ms) * MS
    passes["gap_ns"] = np.array(aimed_ms) * MS
    passes["look_count"], passes["holder"], passes["flags"] = 1, np.where(has, 0, -1), has
    looks["stack"], looks["syscall"], looks["gil_word"] = -1, SYSCALL_RUNNING, -1
    looks["flags"] = np.where(has, HOLDS, 8)
    looks["cpu_ns"] = passes["t_ns"] - START_NS
    return passes, looks


def half_a_second_each() -> Batch:
    """At 1 kHz without the GIL, then at 200 Hz with it."""
    rows = facts([1] * 500 + [5] * 100, [1] * 500 + [5] * 100, [False] * 500 + [True] * 100)
    return Batch(*rows, threads=(ThreadSeen(0, INFO.pid, "MainThread"),))


def profile_of(batch: Batch, info: TargetInfo = FOLLOWS) -> Profile:
    profile = Profile(info, spans=["step"])
    profile.add(batch)
    profile.finish()
    return profile


def test_shares_are_of_time_not_of_looks() -> None:
    (process,) = build_report(profile_of(half_a_second_each())).processes
    assert process.observed_s == pytest.approx(0.999)
    assert process.gils[0].held == pytest.approx(0.5, abs=0.001)
    assert process.sampling.missed == 0
    assert process.sampling.aimed_hz == pytest.approx(600, rel=0.01)
    assert any("no CPU was free the rate was lowered" in line for line, _ in health(process))


def test_the_account_of_a_kept_rate_does_not_speak_of_it() -> None:
    (process,) = build_report(profile_of(Batch(*facts([1] * 500, [0] * 500, [True] * 500)))).processes
    assert process.sampling.aimed_hz == 1000
    assert not any("no CPU was free the rate was lowered" in line for line, _ in health(process))


@pytest.mark.parametrize(("aimed_ms", "unobserved_ms"), [(1, 11), (5, 0), (0, 11)])
def test_what_is_late_follows_the_rate_at_that_moment(aimed_ms: int, unobserved_ms: int) -> None:
    """Twelve milliseconds: less than three gaps of five; 0: a pass at the rate asked for, which is 1 kHz."""
    gaps_ms = [1, 1, 12, 1]
    sums = profile_of(Batch(*facts(gaps_ms, [aimed_ms] * 4, [True] * 4))).sums()
    assert sums.unobserved_ns / MS == unobserved_ms


def test_short_episodes_count_by_the_rate_at_that_moment() -> None:
    """As they do in a profile that was asked for this rate."""
    gaps_ms = np.random.default_rng(1).integers(3, 8, 2000).tolist()
    held = np.random.default_rng(2).random(2000) < 0.5
    followed, asked = (
        Batch(*facts(gaps_ms, [aimed_ms] * 2000, held.tolist()), functions=(Function("step", "app.py", 1),),
              frames=np.array([[0, 1]], np.int32), stacks=np.array([[-1, 0]], np.int32),
              threads=(ThreadSeen(0, INFO.pid, "MainThread"),))
        for aimed_ms in (5, 0)
    )  # fmt: skip
    for batch in (followed, asked):
        batch.looks["stack"] = 0
    lengths, spans = zip(
        *((sums.episodes.lengths, sums.spans[0].stays) for sums in (
            profile_of(followed, FOLLOWS).sums(), profile_of(asked, replace(INFO, asked_hz=200.0)).sums(),
        )), strict=True,
    )  # fmt: skip
    assert lengths[0].seen.sum() > 400
    np.testing.assert_array_equal(lengths[0].corrected, lengths[1].corrected)
    np.testing.assert_array_equal(lengths[0].bin, lengths[1].bin)
    np.testing.assert_array_equal(spans[0].counts, spans[1].counts)


def test_a_recording_says_the_same(tmp_path: Path) -> None:
    path, batch = tmp_path / "it.gilprof", half_a_second_each()
    with RecordingWriter(path, FOLLOWS) as writer:
        writer.write(batch)
    again = Profile(FOLLOWS)
    with Recording.open(path) as recording:
        for part in recording.batches():
            again.add(part)
    again.finish()
    now, then = again.sums(), profile_of(batch).sums()
    assert (now.observed_ns, now.spared, now.gils) == (then.observed_ns, then.spared, then.gils)
