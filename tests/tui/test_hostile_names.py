"""Text of the target and of the user is shown as it is: it is no markup, no link and no end of the view."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from gilprof.model import State
from gilprof.tui.screens.flame import FlameScreen
from tests.support.made_up import MadeUp, Seen
from tests.support.screens import snapshot
from tests.tui.support import LARGE, app_of, press, running, text

MARKUP = ("worker[/b]", "[/", "[/]", "[@click=app.quit]x[/]", "[link=file:///]x[/link]", "[bold red]x")
HOSTILE = (*MARKUP, "[b]" * 50, "x\u202e\u2066y", "x\r\ny")
"""With what the terminal must not get, too."""


def hostile(name: str) -> MadeUp:
    """Two threads and a function of that name contend for the GIL."""
    place = (name, f"/srv/{name}.py", 3, 4)
    made = MadeUp().threads(name, f"{name}-2")
    return made.add(9.0, {0: Seen(State.HELD, (place,), overdue=True), 1: Seen(State.WAITING, (place,))})


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
async def test_every_screen_shows_a_name_as_it_is(name: str) -> None:
    app, _ = app_of(snapshot(hostile(name)))
    shown = name[:10] if name in MARKUP else name[:1]
    async with running(app, LARGE) as pilot:
        assert shown in text(app)
        for panel in "1234":
            await press(pilot, panel)
            assert shown in text(app)
        await press(pilot, "5")
        assert isinstance(app.screen, FlameScreen)
        await press(pilot, "full_stop", "down")
        assert f"thread {shown}" in text(app)
        await press(pilot, "d")
        assert shown in text(app)
        await press(pilot, "escape", "escape")
        await press(pilot, "2", "enter")
        assert shown in text(app)
        await press(pilot, "escape")
        app.tell(name)
        await press(pilot, "1")
        assert app.is_running


@pytest.mark.parametrize("typed", MARKUP)
async def test_a_filter_is_what_was_typed(typed: str) -> None:
    app, _ = app_of(snapshot(hostile("worker")))
    async with running(app, LARGE) as pilot:
        await press(pilot, "slash")
        app.screen.query_one("#filter", Input).value = typed
        await press(pilot, "enter")
        assert f"filter: {typed}" in text(app)
        assert app.is_running
