"""A part of the recording's time."""

from __future__ import annotations

import numpy as np
import pytest

from gilprof.errors import UsageError
from gilprof.model import LOOK_DTYPE, PASS_DTYPE, Batch, ThreadSeen
from gilprof.report.select import TimeCut
from gilprof.units import parse_moment

ANCHOR = (1_700_000_100_000_000_000, 100_000_000_000)
"""22:15:00 UTC is 100 s on the other clock."""


def batch(first_s: float, count: int, ended: str | None = None) -> Batch:
    """``count`` passes a second apart; pass n has n looks of the thread n."""
    passes = np.zeros(count, PASS_DTYPE)
    passes["t_ns"] = (first_s + np.arange(count)) * 1e9
    passes["look_count"] = np.arange(count)
    looks = np.zeros(count * (count - 1) // 2, LOOK_DTYPE)
    looks["thread"] = np.repeat(np.arange(count), np.arange(count))
    return Batch(passes=passes, looks=looks, threads=(ThreadSeen(1, 1, "x"),), ended=ended)


def seconds(cut: Batch) -> list[float]:
    return [t_ns / 1e9 for t_ns in cut.passes["t_ns"].tolist()]


def test_the_whole_recording() -> None:
    window, whole = TimeCut(ANCHOR), batch(100, 5, "exit")
    cut = window.cut(whole)
    assert seconds(cut) == [100, 101, 102, 103, 104]
    assert cut.ended == "exit"


def test_looks_go_with_their_passes() -> None:
    cut = TimeCut(ANCHOR, 2, 3).cut(batch(100, 5))
    assert seconds(cut) == [102, 103]
    assert cut.looks["thread"].tolist() == [2, 2, 3, 3, 3]


def test_seconds_count_from_the_first_pass_of_all() -> None:
    window = TimeCut(ANCHOR, 6, 7)
    assert seconds(window.cut(batch(100, 5))) == []
    assert seconds(window.cut(batch(105, 5))) == [106, 107]


def test_what_is_defined_before_the_window_stays() -> None:
    assert TimeCut(ANCHOR, 3).cut(batch(100, 2)).threads == (ThreadSeen(1, 1, "x"),)


def test_the_end_is_part_of_a_window_that_reaches_it() -> None:
    assert TimeCut(ANCHOR, 0, 3).cut(batch(100, 5, "exit")).ended is None
    assert TimeCut(ANCHOR, 0, 4).cut(batch(100, 5, "exit")).ended == "exit"
    assert TimeCut(ANCHOR, 3).cut(batch(100, 5, "exit")).ended == "exit"


def test_before_any_pass() -> None:
    window = TimeCut(ANCHOR, 1, 2)
    assert seconds(window.cut(batch(100, 0))) == []
    assert seconds(window.cut(batch(100, 3))) == [101, 102]


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("22:15:02", "22:15:03.500"),
        ("22:15:02Z", "23:15:03+01:00"),
        ("2023-11-14T22:15:02", "2023-11-14T22:15:03"),
        ("2s", "22:15:03"),
        ("22:15:02.000", "+1.00 s"),
        ("2", "+1000 ms"),
    ],
)
def test_times_of_day(begin: str, end: str) -> None:
    window = TimeCut(ANCHOR, parse_moment(begin), parse_moment(end))
    assert seconds(window.cut(batch(100, 5))) == [102, 103]


def test_a_time_of_day_behind_midnight() -> None:
    anchor = (1_700_006_399_000_000_000, 100_000_000_000)  # 23:59:59
    window = TimeCut(anchor, parse_moment("00:00:01"), parse_moment("00:00:02"))
    assert seconds(window.cut(batch(100, 5))) == [102, 103]


def test_shortly_before_the_first_pass() -> None:
    assert seconds(TimeCut(ANCHOR, parse_moment("22:14:00")).cut(batch(100, 3))) == [100, 101, 102]


@pytest.mark.parametrize(("begin", "end"), [("3", "2"), ("22:15:02", "22:15:01"), ("22:15:02", "1")])
def test_an_end_before_the_beginning(begin: str, end: str) -> None:
    with pytest.raises(UsageError, match="that is no time"):
        TimeCut(ANCHOR, parse_moment(begin), parse_moment(end)).cut(batch(100, 5))


@pytest.mark.parametrize("text", ["25:00:00", "09:61", "2026-13-01T00:00:00", "soon", "-3", "09:00:00.1.2"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(UsageError):
        parse_moment(text)
