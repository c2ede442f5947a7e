"""How a screen shows the six states: a glyph and a word, which do without colour, and a colour."""

from __future__ import annotations

from dataclasses import dataclass

from gilprof.model import State


@dataclass(frozen=True, slots=True)
class Look:
    """One state on the screen."""

    state: State
    title: str
    short: str
    """A whole word where there is little room; held while blocked stands behind held."""
    glyph: str
    """A cell of a bar."""
    style: str
    """The nearest of 16 colours is another one for each."""


LOOKS = (
    Look(State.HELD, "held", "held", "█", "#3b8eea"),
    Look(State.HELD_BLOCKED, "held while blocked", "+blocked", "▚", "bold #d670d6"),
    Look(State.WAITING, "waiting", "wait", "▒", "#f14c4c"),
    Look(State.RELEASED, "without the GIL", "no GIL", "░", "#23d18b"),
    Look(State.BLOCKED, "blocked", "blocked", "·", "#808080"),
    Look(State.UNKNOWN, "unknown", "unknown", "?", "#e5e510"),
)
"""By State."""
FREE_GLYPH = "·"
FREE_STYLE = "#808080"
