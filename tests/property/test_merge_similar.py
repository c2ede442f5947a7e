"""Merging rows that are alike: never more than are kept, whole, and apart what has to be."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gilprof.analysis.sums.accumulate import PairTable
from gilprof.analysis.sums.merge_similar import merge_similar
from gilprof.model import Origin

KEEP = 40


@st.composite
def tables(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Sizes, and what rows have in common; the first of it takes few or many values."""
    count = draw(st.integers(0, 300))
    seed, kinds = draw(st.integers(0, 2**32 - 1)), draw(st.sampled_from((1, 3, 1000)))
    random = np.random.default_rng(seed)
    likeness = np.stack([random.integers(-2, kinds, count), random.integers(0, 20, count)], axis=1)
    return random.choice([1.0, 1.0, 5.0, 1e6], count), likeness


@given(tables())
def test_so_many_stay_and_the_largest_as_they_are(table: tuple[np.ndarray, np.ndarray]) -> None:
    size, likeness = table
    target = merge_similar(size, likeness, 1, KEEP)
    assert (target[target] == target).all()
    assert len(np.unique(target)) <= KEEP
    assert (size[target] >= size).all()
    largest = np.sort(size)[::-1][: KEEP // 2]
    sums = np.sort(np.bincount(target, size, minlength=len(size)))[::-1]
    assert (sums[: len(largest)] >= largest).all()
    if len(size) <= KEEP:
        assert (target == np.arange(len(size))).all()


@given(tables())
def test_kinds_stay_apart_where_they_are_few(table: tuple[np.ndarray, np.ndarray]) -> None:
    size, likeness = table
    target = merge_similar(size, likeness, 1, KEEP)
    if len(np.unique(likeness[:, 0])) <= KEEP // 4:
        assert (likeness[target, 0] == likeness[:, 0]).all()


def test_what_is_alike_is_merged() -> None:
    """Of ten functions with ten rows each, each function has what it had, or nearly."""
    likeness = np.stack([np.zeros(100, np.int64), np.arange(100) % 10], axis=1)
    target = merge_similar(np.ones(100), likeness, 1, KEEP)
    assert len(np.unique(target)) <= KEEP
    assert np.abs(np.bincount(likeness[target, 1]) - 10).max() <= 3


def test_thinned_pairs_are_whole_by_thread() -> None:
    random = np.random.default_rng(1)
    node_thread = random.integers(0, 4, 200)
    likeness = np.stack([node_thread, random.integers(0, 30, 200)], axis=1)
    table = PairTable()
    holder, waiter = random.integers(-2, 200, 5000), random.integers(0, 200, 5000)
    table.add(holder, waiter, np.full(5000, Origin.RETURNING, np.uint8), holder % 2 == 0, np.full(5000, 1e6))

    def by_thread() -> tuple[np.ndarray, np.ndarray]:
        sums = table.sums()
        of_holder = np.where(sums.holder >= 0, node_thread[sums.holder], sums.holder)
        place = (of_holder + 2) * 4 + node_thread[sums.waiter]
        return np.bincount(place, sums.origin_ns[:, Origin.RETURNING]), np.bincount(place, sums.overdue_ns)

    before, count = by_thread(), len(table)
    rows = table.thin(likeness, 1, 500)
    assert len(rows) == count > 4000
    assert rows.max() + 1 == len(table) <= 500
    np.testing.assert_allclose(by_thread(), before)
