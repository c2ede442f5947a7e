"""Eight cases: the first two lines say whether it is the GIL, and name cause, line and thread."""

from __future__ import annotations

import pytest

from gilprof.tui.panels.head import Head
from tests.support.screens import CASES, c_code_keeps_it, snapshot
from tests.tui.support import LARGE, SMALL, app_of, press, running, screen_lines

NAMED = {
    "convoy": ("back from calls", "sum_of_squares (model.py:7)", "cruncher", "Python"),
    "c code keeps it": ("C code that keeps it", "Parser.feed (ingest.py:88)", "feeder", "MainThread pays most"),
    "gc": ("garbage collection", "run (work.py:8)", "builder", "MainThread pays most"),
    "lock": ("Not the GIL", "blocked 90 % of their time on a lock", "cache.py:17", "worker-*"),
    "no cpu": ("Not the GIL", "too few CPUs", "3.0 threads"),
    "many threads": ("16.7 threads wait", "many functions", "(steps_3.py:11)", "worker-10", "pays most"),
    "stall": ("C code that keeps it", "Parser.feed (ingest.py:88)", "feeder"),
    "one thread": ("one thread is the limit", "MainThread has it 98 % of its time", "waited for 0 %"),
    "ended": ("C code that keeps it", "Parser.feed (ingest.py:88)", "feeder"),
}


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "200x60"])
@pytest.mark.parametrize("case", CASES)
async def test_the_first_two_lines_answer(case: str, size: tuple[int, int]) -> None:
    app, _ = app_of(CASES[case]())
    async with running(app, size):
        lines = screen_lines(app)
    said = " ".join(" ".join(lines[:2]).split()).replace("return from calls", "back from calls")
    for words in NAMED[case]:
        assert words in said
    assert "…" not in said
    assert lines[2].startswith("4242 Python 3.11.7")


async def test_the_ended_case_says_so() -> None:
    app, _ = app_of(CASES["ended"]())
    async with running(app):
        assert "■ ENDED" in screen_lines(app)[2]


@pytest.mark.parametrize("keys", [(), ("5",)])
async def test_a_screen_that_is_being_taken_down_is_left_alone(keys: tuple[str, ...]) -> None:
    """Its widgets go one by one, and a snapshot may come in between."""
    app, _ = app_of(snapshot(c_code_keeps_it()))
    async with running(app) as pilot:
        await press(pilot, *keys)
        await app.screen.query_one(Head).remove()
        app.show()
        assert app.is_running
