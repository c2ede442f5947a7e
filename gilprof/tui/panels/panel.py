"""What the tables of the main screen have in common: a title, sorting, a filter, and rows that do not jump."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from gilprof.tui.view import View
from gilprof.tui.widgets.table import Column, Either, Row, Table

SORT_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A row, and what it is sorted by: a value for each column."""

    row: Row
    values: Mapping[str, float | str]


class Panel(Vertical):
    """A table that knows how to fill itself from a view."""

    TITLE: ClassVar[str]
    SHORT: ClassVar[str]
    """The title where there is little room."""
    NUMBER: ClassVar[int]
    """The key that brings it up."""
    EMPTY: ClassVar[str]
    FIRST_SORT: ClassVar[str]

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._sort, self._downwards = self.FIRST_SORT, True
        self._order: dict[str, int] = {}
        self._sorted_for: tuple[object, ...] = ()
        self._sorted_at = 0.0
        self._view: View | None = None

    def compose(self) -> ComposeResult:
        """A title, which small screens leave out, and the table."""
        yield Static(classes="title", markup=False)
        yield Table(id=f"{self.id}-table")

    @property
    def table(self) -> Table:
        """The rows."""
        return self.query_one(Table)

    @property
    def sorted_by(self) -> tuple[str, bool]:
        """Column, and whether the largest is first."""
        return self._sort, self._downwards

    def columns(self) -> tuple[Column, ...]:
        """As they are shown now."""
        raise NotImplementedError

    def entries(self, view: View) -> Iterable[Entry]:
        """The rows that the filter lets through, in any order."""
        raise NotImplementedError

    def heading(self) -> str:
        """What the rows are, in words."""
        raise NotImplementedError

    def range_name(self, view: View) -> str:
        """The time that the rows are about."""
        return view.range_name

    def next_view(self) -> None:
        """Show other columns, or tell rows apart by something else; most panels have one view."""

    def show(self, view: View) -> None:
        """Show another view; rows are sorted anew once a second, or when somebody asks."""
        self._view = view
        entries = list(self.entries(view))
        asked = (self._sort, self._downwards, view.whole, view.filter, self.columns())
        elapsed = view.snapshot.elapsed_s
        if asked != self._sorted_for or elapsed - self._sorted_at >= SORT_EVERY_S or elapsed < self._sorted_at:
            entries.sort(key=lambda entry: _sortable(entry.values[self._sort]), reverse=self._downwards)
            entries.sort(key=lambda entry: entry.row.dim)
            self._sorted_for, self._sorted_at = asked, elapsed
            self._order = {entry.row.key: place for place, entry in enumerate(entries)}
        else:
            last = len(self._order)
            entries.sort(key=lambda entry: self._order.get(entry.row.key, last))
        title = f" {self.NUMBER} {self.TITLE} ({len(entries)}): {self.heading()}, {self.range_name(view)}"
        if view.filter:
            title += f", filter: {view.filter}"
        self.query_one(Static).update(title, layout=False)
        empty = f"Nothing contains {view.filter!r}." if view.filter else self.EMPTY
        self.table.show(self.columns(), [entry.row for entry in entries], self.sorted_by, empty)

    def sort_by(self, column: str) -> None:
        """Sort by this column; once more turns the order round."""
        self._downwards = not self._downwards if column == self._sort else True
        self._sort = column
        self.again()

    def next_sort(self, by: int) -> None:
        """Sort by the next column that is there."""
        keys = [column.key for column in self.columns() if self.table.size.width >= column.least and column.title]
        place = keys.index(self._sort) if self._sort in keys else -by
        self._sort, self._downwards = keys[(place + by) % len(keys)], True
        self.again()

    def invert(self) -> None:
        """Turn the order round."""
        self._downwards = not self._downwards
        self.again()

    def again(self) -> None:
        """Show the same view."""
        if self._view is not None:
            self.show(self._view)


def place_cell(place: str) -> Either:
    """``Parser.feed (ingest.py:88)``; where that does not fit ``Parser.feed:88``, and then the name alone."""
    name, _, where = place.rstrip(")").rpartition(" (")
    if not name:
        return Either((place,))
    _, _, line = where.rpartition(":")
    return Either((place, f"{name}:{line}", name) if line.isdigit() else (place, name))


def _sortable(value: float | str) -> tuple[float, str]:
    """Names are in the order of the alphabet when the largest is first."""
    if isinstance(value, str):
        return 0.0, "".join(chr(0x10FFFF - ord(c)) for c in value.casefold())
    return value, ""
