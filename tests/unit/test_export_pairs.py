"""Pairs of who had the GIL and who waited: bounded, and whole."""

from __future__ import annotations

import numpy as np

from gilprof.analysis.sums.values import HANDOVER, PairSums
from gilprof.exporters.pairs import OTHERS, pairs_of
from tests.support.many_stacks import ManyStacks


def made(*pairs: tuple[int, int, float]) -> PairSums:
    holder, waiter, ns = zip(*pairs, strict=True)
    origin_ns = np.outer(ns, [1, 0, 0]).astype(float)
    return PairSums(np.array(holder, np.int32), np.array(waiter, np.int32), origin_ns, np.zeros(len(pairs)))


def test_the_least_are_left_to_others_by_waiter() -> None:
    found = pairs_of(
        made((0, 1, 50), (HANDOVER, 1, 5), (2, 1, 4), (0, 3, 40), (2, 3, 3)), np.ones(4, np.bool_), limit=2
    )
    rows = set(zip(found.holder.tolist(), found.waiter.tolist(), found.ns.tolist(), strict=True))
    assert rows == {(0, 1, 50), (0, 3, 40), (OTHERS, 1, 9), (OTHERS, 3, 3)}


def test_either_side_may_be_listed() -> None:
    found = pairs_of(made((0, 1, 1), (2, 1, 1), (2, 3, 1), (HANDOVER, 3, 1)), np.array([1, 0, 0, 1], np.bool_))
    assert list(zip(found.holder.tolist(), found.waiter.tolist(), strict=True)) == [(0, 1), (2, 3), (HANDOVER, 3)]


def test_the_waiting_of_each_stays() -> None:
    pairs = ManyStacks(5000).sums().pairs
    found = pairs_of(pairs, np.ones(5000, np.bool_), limit=1000)
    assert len(found.ns) <= 1000 + len(np.unique(pairs.waiter))
    waited = np.bincount(pairs.waiter, pairs.origin_ns.sum(axis=1), 5000)
    np.testing.assert_allclose(np.bincount(found.waiter, found.ns, 5000), waited)
