"""Functions: self and total by state, and what each is blamed for."""

from __future__ import annotations

from collections.abc import Iterator

from gilprof.model import STATE_NAMES
from gilprof.report.model import Function
from gilprof.report.names import location
from gilprof.tui.panels.panel import Entry, Panel, place_cell
from gilprof.tui.states import LOOKS
from gilprof.tui.view import View
from gilprof.tui.widgets.table import Cell, Column, Row
from gilprof.units import format_seconds

BOTH_FROM = 150
"""Columns of the table from which on self and total stand side by side."""
_BLAME = (
    Column("overdue", "overdue", 8, least=100),
    Column("blamed", "blamed", 8),
)


class FunctionsPanel(Panel):
    """Those that others wait for first."""

    TITLE, SHORT, NUMBER = "Functions", "Functions", 2
    EMPTY = "No function was seen in this time."
    FIRST_SORT = "blamed"

    def __init__(self, id: str) -> None:
        self._total = False
        super().__init__(id)

    def columns(self) -> tuple[Column, ...]:
        """Self, total, or both where there is room."""
        wide = self._wide()
        kinds = ("self", "total") if wide else ("total",) if self._total else ("self",)
        states = [
            Column(f"{kind} {name}", title, max(7, len(title)), least=90 * (name == "unknown"))
            for kind in kinds
            for name, look in zip(STATE_NAMES, LOOKS, strict=True)
            for title in (f"{look.glyph}{kind if wide and kind == 'total' else look.short}",)
        ]
        return (Column("name", "function", right=False), *states, *_BLAME)

    def _wide(self) -> bool:
        return self.is_mounted and self.table.size.width >= BOTH_FROM

    def heading(self) -> str:
        """What the columns are of."""
        if self._wide():
            return "seconds on top of the stack, then in total (anywhere on it)"
        return "seconds anywhere on the stack" if self._total else "seconds on top of the stack"

    def next_view(self) -> None:
        """Self or total."""
        self._total = not self._total
        kind = "total" if self._total else "self"
        first, _, name = self._sort.partition(" ")
        if first in ("self", "total"):
            self._sort = f"{kind} {name}"
        self.again()

    def entries(self, view: View) -> Iterator[Entry]:
        """Every function with time or blame."""
        keys = [column.key for column in self.columns()]
        for function in view.part.process.functions:
            name = location(function.name, function.file, function.line)
            if view.matches(name, function.file or ""):
                values = _values(function, name)
                cells: tuple[Cell, ...] = (place_cell(name), *(_cell(values[key]) for key in keys[1:]))
                # Ids are numbers of one report: the key outlives it.
                yield Entry(Row(key(function), cells), values)


def key(function: Function) -> str:
    """What a function is known by from report to report."""
    return f"{function.name}\0{function.file}\0{function.line}"


def _values(function: Function, name: str) -> dict[str, float | str]:
    blamed_s = function.blamed_s
    return {
        "name": name,
        **{f"self {state}": seconds for state, seconds in function.self.items()},
        **{f"total {state}": seconds for state, seconds in function.total.items()},
        "overdue": function.overdue_s,
        "blamed": blamed_s,
    }


def _cell(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return format_seconds(value) if value else "-"
