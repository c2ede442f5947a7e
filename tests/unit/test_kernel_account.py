"""The kernel's account of CPU and queue: what cannot be read or cannot be is left out, what is true is not touched."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from gilprof.analysis.classify.weights import TICK_NS, KernelAccount, PassWeights
from gilprof.model import LOOK_DTYPE, SCHEDSTAT_UNREADABLE, TIMESLICES_UNREADABLE, LookArray

GAP_NS = 1_000_000
HOUR_NS = 3_600_000_000_000
UNREADABLE = (SCHEDSTAT_UNREADABLE, SCHEDSTAT_UNREADABLE, TIMESLICES_UNREADABLE)


ANY_NS = st.integers(0, 2**64 - 1) | st.integers(0, 100 * GAP_NS) | st.integers(2**64 - 2000, 2**64 - 1)
"""The last ones round to 2**64 as floats."""


def looks_of(accounts: list[tuple[int, int, int]]) -> LookArray:
    """One thread, a look in each pass."""
    looks = np.zeros(len(accounts), LOOK_DTYPE)
    for number, (cpu_ns, queued_ns, timeslices) in enumerate(accounts):
        looks[number]["cpu_ns"], looks[number]["queued_ns"] = cpu_ns, queued_ns
        looks[number]["timeslices"] = timeslices
    return looks


def grown(looks: LookArray, pieces: int = 1) -> npt.NDArray[np.float64]:
    """(2, L) nanoseconds on a CPU and queued; taken in in so many pieces."""
    account = KernelAccount()
    out: list[npt.NDArray[np.float64]] = []
    for rows in np.array_split(np.arange(len(looks)), pieces):
        gap = np.full(len(rows), float(GAP_NS))
        weights = PassWeights(gap, gap, np.zeros_like(gap), np.zeros_like(gap), gap)
        repaired = account.repaired(looks[rows])
        t_ns = 10 * HOUR_NS + rows.astype(np.int64) * GAP_NS
        out.append(np.array(account.growth(repaired, weights, np.arange(len(rows)), t_ns)))
    return np.concatenate(out, axis=1)


def test_an_account_that_could_not_be_read_is_what_it_was() -> None:
    start = HOUR_NS
    looks = looks_of([(start, 5, 7), UNREADABLE, (0, 0, 0), (start + 3 * GAP_NS, 5, 9)])
    repaired = KernelAccount().repaired(looks)
    assert repaired["cpu_ns"].tolist() == [start, start, start, start + 3 * GAP_NS]
    assert repaired["timeslices"].tolist() == [7, 7, 7, 9]
    assert grown(looks)[0].tolist() == [GAP_NS, 0, 0, 3 * GAP_NS]
    assert np.array_equal(grown(looks), grown(looks, pieces=4))


def test_a_first_account_that_could_not_be_read() -> None:
    cpu_ns = grown(looks_of([UNREADABLE, (HOUR_NS, 0, 1), (HOUR_NS + GAP_NS, 0, 1)]))[0]
    assert cpu_ns[0] == 0
    assert cpu_ns.sum() <= 2 * GAP_NS + TICK_NS


def test_accounts_that_lag_behind_by_a_tick_are_not_touched() -> None:
    """A thread that computes all the time, its account brought up to date every 10 ms only."""
    ticks = [(n // 10 * 10 * GAP_NS, 0, 1) for n in range(1000)]
    looks = looks_of(ticks)
    assert KernelAccount().repaired(looks) is looks
    assert grown(looks)[0].sum() == ticks[-1][0]


@given(
    st.lists(
        st.tuples(
            ANY_NS,
            ANY_NS,
            st.integers(0, 2**32 - 1),
        ),
        min_size=1,
        max_size=40,
    ),
    st.integers(1, 5),
)
def test_no_figure_that_the_clock_forbids(accounts: list[tuple[int, int, int]], pieces: int) -> None:
    with np.errstate(all="raise"):
        columns = grown(looks_of(accounts), min(pieces, len(accounts)))
    for column in columns:
        assert np.isfinite(column).all()
        so_far = np.cumsum(column)
        assert (column >= -1).all()
        assert (so_far <= np.arange(1, len(column) + 1) * GAP_NS + TICK_NS + len(column)).all()
