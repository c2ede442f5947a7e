"""Batches that are put together say the same."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gilprof.cli.profiling.gathering import MOST_LOOKS, Gathering
from gilprof.model import LOOK_DTYPE, PASS_DTYPE, Batch
from tests.support.facts import assert_same, batch_lists, joined


@given(batch_lists(), st.sampled_from((0.0, 3600.0)))
def test_nothing_is_lost(batches: list[Batch], every_s: float) -> None:
    taken: list[Batch] = []
    gathering = Gathering(taken.append, every_s)
    for batch in batches:
        gathering.take(batch)
    gathering.rest()
    assert_same(joined(taken), joined(batches))
    assert len(taken) == (len(batches) if every_s == 0.0 else min(len(batches), 1))


@given(batch_lists())
def test_the_end_is_handed_on_at_once(batches: list[Batch]) -> None:
    taken: list[Batch] = []
    gathering = Gathering(taken.append, 3600.0)
    for batch in batches:
        gathering.take(batch)
    assert bool(taken) == any(batch.ended is not None for batch in batches)


def test_memory_is_bounded() -> None:
    taken: list[Batch] = []
    gathering = Gathering(taken.append, 3600.0)
    half = Batch(np.zeros(1, PASS_DTYPE), np.zeros(MOST_LOOKS // 2, LOOK_DTYPE))
    gathering.take(half)
    assert taken == []
    gathering.take(half)
    assert len(taken[0].looks) == MOST_LOOKS
