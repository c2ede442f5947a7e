"""One function: where it is, its states, its lines, who calls it and what it calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gilprof.model import STATE_NAMES
from gilprof.report.model import Function, Line
from gilprof.report.names import location, printable
from gilprof.tui.panels.functions import key
from gilprof.tui.screens.closable import ClosableScreen
from gilprof.tui.snapshot import Range
from gilprof.tui.states import LOOKS
from gilprof.tui.tree import call_tree, callers_and_callees
from gilprof.tui.view import View
from gilprof.tui.widgets import lines as widget
from gilprof.tui.widgets.bar import Piece
from gilprof.units import format_seconds

_TITLE = "bold"
_FAINT = "#808080"
_WIDTH = 10
"""Of a column: the longest of ``LOOKS``' words, its glyph and a gap."""
ROWS = 12
"""Lines, callers and callees that are shown."""


class DetailsScreen(ClosableScreen):
    """Of the function that is known by ``key``."""

    def __init__(self, function: str) -> None:
        super().__init__()
        self._function = function

    def lines(self, view: View, width: int) -> Sequence[widget.Line]:
        """Nothing is left of a function that was not seen in the time that is shown."""
        found = next((f for f in view.part.process.functions if key(f) == self._function), None)
        if found is None:
            name = printable(self._function.partition("\0")[0], width)
            return (((f" {name} ", _TITLE), (f"was not seen in the time shown ({view.range_name}).", "")),)
        return tuple(_lines(found, view, width - 2))


def _lines(function: Function, view: View, width: int) -> Iterator[widget.Line]:
    part = view.part
    own = "own code" if function.own else "the standard library's, or installed"
    yield ((f" {printable(function.name, 100)} ", _TITLE), (f"({own}), seconds in the {view.range_name}", _FAINT))
    if function.file is not None:
        yield ((f" {printable(function.file)}, line {function.line}", ""),)
    yield ()
    yield _heading("")
    yield _states("self (on top of the stack)", function.self)
    yield _states("total (anywhere on it)", function.total)
    yield ()
    yield from widget.wrapped(
        (" ", ""),
        f"Others waited {format_seconds(function.blamed_s)} for it on top of the stack, "
        f"{format_seconds(function.blamed_total_s)} for it anywhere on it; it kept the GIL for "
        f"{format_seconds(function.overdue_s)} after it had been asked for it (overdue).",
        width,
    )
    yield ()
    yield _heading("Lines, on top")
    for line in sorted(function.lines, key=_weight, reverse=True)[:ROWS]:
        yield _states(f"line {line.line or '?'}", line.self)
    callers, callees = callers_and_callees(call_tree(part), function.id)
    yield from _calls("Called by", callers, part, function.id)
    yield from _calls("Calls", callees, part, function.id)


def _weight(line: Line) -> float:
    return sum(line.self.values()) - line.self["blocked"] + line.blamed_s


def _heading(title: str) -> widget.Line:
    pieces: list[Piece] = [(f" {title:<26}", _TITLE)]
    pieces += [(f"{look.glyph}{look.short}".rjust(_WIDTH), look.style) for look in LOOKS[:5]]
    return tuple(pieces)


def _states(title: str, seconds: Mapping[str, float]) -> widget.Line:
    figures = [(format_seconds(seconds[name]) if seconds[name] else "-").rjust(_WIDTH) for name in STATE_NAMES[:5]]
    return ((f" {title:<26}", ""), *((figure, "") for figure in figures))


def _calls(title: str, ns: Mapping[int, float], part: Range, itself: int) -> Iterator[widget.Line]:
    yield ()
    yield ((f" {title}", _TITLE), (" (all states)", _FAINT))
    for row in sorted(ns, key=ns.__getitem__, reverse=True)[:ROWS]:
        if row < 0:
            name = "nothing: it is the outermost"
        elif row == itself and title == "Calls":
            name = "(itself)"
        else:
            name = location(*part.functions.keys[row])
        yield ((f" {format_seconds(ns[row] / 1e9):>9}  {name}", ""),)
