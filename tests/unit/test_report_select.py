"""A part of the recording's time."""

from __future__ import annotations

import numpy as np

from gilprof.model import LOOK_DTYPE, PASS_DTYPE, Batch, ThreadSeen
from gilprof.report.select import Window


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
    window, whole = Window(), batch(100, 5, "exit")
    cut = window.cut(whole)
    assert seconds(cut) == [100, 101, 102, 103, 104]
    assert cut.ended == "exit"


def test_looks_go_with_their_passes() -> None:
    cut = Window(2, 3).cut(batch(100, 5))
    assert seconds(cut) == [102, 103]
    assert cut.looks["thread"].tolist() == [2, 2, 3, 3, 3]


def test_seconds_count_from_the_first_pass_of_all() -> None:
    window = Window(6, 7)
    assert seconds(window.cut(batch(100, 5))) == []
    assert seconds(window.cut(batch(105, 5))) == [106, 107]


def test_what_is_defined_before_the_window_stays() -> None:
    assert Window(3).cut(batch(100, 2)).threads == (ThreadSeen(1, 1, "x"),)


def test_the_end_is_part_of_a_window_that_reaches_it() -> None:
    assert Window(0, 3).cut(batch(100, 5, "exit")).ended is None
    assert Window(0, 4).cut(batch(100, 5, "exit")).ended == "exit"
    assert Window(3).cut(batch(100, 5, "exit")).ended == "exit"


def test_before_any_pass() -> None:
    window = Window(1, 2)
    assert seconds(window.cut(batch(100, 0))) == []
    assert seconds(window.cut(batch(100, 3))) == [101, 102]
