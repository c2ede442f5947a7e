"""What every screen looks like, at two sizes: accept a new look with ``pytest --snapshot-update``."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.support.screens import CASES
from tests.tui.support import LARGE, SMALL, Talker, app_of, press, settled

SCREENS = {
    "threads": ("c code keeps it", ()),
    "functions": ("c code keeps it", ("2",)),
    "waits": ("c code keeps it", ("3",)),
    "worst": ("stall", ("4",)),
    "flame": ("c code keeps it", ("f", "down", "down", "down", "down")),
    "details": ("c code keeps it", ("2", "enter")),
    "stacks": ("c code keeps it", ("3", "enter")),
    "output": ("convoy", ("6",)),
    "export": ("convoy", ("e",)),
    "help": ("convoy", ("question_mark",)),
    "ended": ("ended", ()),
}
ALL_TABLES = {"functions", "waits", "ended"}
"""On a large screen they look like ``threads``, but for the focus and a word."""


@pytest.mark.parametrize(
    ("screen", "size"),
    [
        *(pytest.param(screen, SMALL, id=f"{screen}-80x24") for screen in SCREENS),
        *(pytest.param(screen, LARGE, id=f"{screen}-200x60") for screen in SCREENS if screen not in ALL_TABLES),
    ],
)
def test_screen(screen: str, size: tuple[int, int], snap_compare: Callable[..., bool]) -> None:
    case, keys = SCREENS[screen]
    program = Talker(b"listening on :8000\nGET / 200\nGET /report 200\n") if screen == "output" else None
    app, _ = app_of(CASES[case](), program=program)

    async def reach(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await press(pilot, *keys)

    assert snap_compare(app, terminal_size=size, run_before=reach)


@pytest.mark.parametrize("screen", ["threads", "flame"])
def test_without_colour(screen: str, snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch) -> None:
    """States are told apart by their glyphs, boxes by their edges."""
    monkeypatch.setenv("NO_COLOR", "1")
    case, keys = SCREENS[screen]
    app, _ = app_of(CASES[case]())
    assert snap_compare(app, terminal_size=SMALL, press=keys)
