"""Pairs of ids have numbers in the order in which they are first met, as a dictionary would give them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gilprof.analysis.sums.pair_ids import PairIds

ids = st.integers(-2, 12) | st.integers(-2, 2**31 - 3)
calls = st.lists(st.lists(st.tuples(ids, ids), max_size=60), max_size=12)


@given(calls, st.data())
def test_as_a_dictionary_would(calls: list[list[tuple[int, int]]], data: st.DataObject) -> None:
    numbering, expected = PairIds(), dict[tuple[int, int], int]()
    for pairs in calls:
        for pair in sorted(set(pairs)):
            expected.setdefault(pair, len(expected))
        first, second = np.array(pairs, np.int64).reshape(-1, 2).T
        assert numbering.number(first, second).tolist() == [expected[pair] for pair in pairs]
    assert len(numbering) == len(expected)
    assert list(zip(*(column.tolist() for column in numbering.pairs()), strict=True)) == list(expected)

    kept = data.draw(st.lists(st.sampled_from(range(len(expected))), unique=True)) if expected else []
    part = numbering.part(np.array(kept, np.int64))
    assert list(zip(*(column.tolist() for column in part.pairs()), strict=True)) == [list(expected)[n] for n in kept]
