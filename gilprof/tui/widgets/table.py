"""A table of which only the rows on the screen are rendered, and only those that changed are written again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from gilprof.report.text_table import shortened
from gilprof.tui.widgets.bar import Bar, Piece


@dataclass(frozen=True, slots=True)
class Either:
    """The first of these that fits; else the last one without its middle."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """A text that is cut in its own way where it does not fit."""

    text: str
    cut: Callable[[str, int], str]
    """The text in so many cells."""


Cell = str | Bar | Either | Cut | tuple[Piece, ...]
_GAP = 1
CURSOR = "▶"
"""In front of the row under the cursor; the first column of cells is its own."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; ``width`` 0: shares what the others leave."""

    key: str
    title: str
    width: int = 0
    right: bool = True
    """Figures are right-aligned."""
    least: int = 0
    """It is left out where the table is narrower than this."""
    most: int = 1000
    """Bound of a share of what the others leave."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row by a key that it keeps wherever it moves to."""

    key: str
    cells: tuple[Cell, ...]
    dim: bool = False


class Table(ScrollView, can_focus=True):
    """Rows under a heading that stays; the cursor stays on its row's key."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--heading", "table--sorted", "table--cursor", "table--dim"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "move(-1000000)", show=False),
        Binding("end", "move(1000000)", show=False),
        Binding("enter", "choose", show=False),
    ]

    class Chosen(Message):
        """Enter, or a click on the row under the cursor."""

        def __init__(self, table: Table, key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> Table:
            """For ``@on`` selectors."""
            return self.table

    class HeadingClicked(Message):
        """A click on a column's heading."""

        def __init__(self, table: Table, column: str) -> None:
            super().__init__()
            self.table = table
            self.column = column

        @property
        def control(self) -> Table:
            """For ``@on`` selectors."""
            return self.table

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._columns: tuple[Column, ...] = ()
        self._rows: tuple[Row, ...] = ()
        self._sorted: tuple[str, bool] = ("", True)
        self._cursor = 0
        self._cursor_key: str | None = None
        self._empty = ""

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor; None without rows."""
        return self._rows[self._cursor].key if self._rows else None

    @property
    def row_keys(self) -> tuple[str, ...]:
        """From the first row to the last."""
        return tuple(row.key for row in self._rows)

    def show(
        self, columns: tuple[Column, ...], rows: Sequence[Row], sorted_by: tuple[str, bool], empty: str = ""
    ) -> None:
        """Show ``rows``; ``sorted_by``: column and whether the largest is first. ``empty``: said without rows."""
        before, width = self._rows, self.size.width
        anew = (columns, sorted_by, empty) != (self._columns, self._sorted, self._empty)
        old_cursor = self._cursor
        self._columns, self._rows, self._sorted, self._empty = columns, tuple(rows), sorted_by, empty
        self._find_cursor()
        if len(before) != len(self._rows):
            self.virtual_size = Size(width, len(self._rows) + 1)
        if anew or not before or not self._rows:
            self.refresh()
            return
        for y in range(1, self.size.height):
            index = y - 1 + self.scroll_offset.y
            old = before[index] if index < len(before) else None
            new = self._rows[index] if index < len(self._rows) else None
            if old != new or (index in (old_cursor, self._cursor) and old_cursor != self._cursor):
                self.refresh(Region(0, y, width, 1))

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.size.width
        if y == 0:
            return self._heading(width)
        index = y - 1 + self.scroll_offset.y
        if index >= len(self._rows):
            text = self._empty if y == 1 and not self._rows else ""
            return Strip([Segment(set_cell_size(text, width), self.get_component_rich_style("table--dim"))], width)
        row = self._rows[index]
        base = self.rich_style
        if row.dim:
            base += self.get_component_rich_style("table--dim", partial=True)
        if index == self._cursor and self.has_focus:
            base += self.get_component_rich_style("table--cursor", partial=True)
        segments = [Segment(CURSOR if index == self._cursor and self.has_focus else " ", base)]
        cells = dict(zip((column.key for column in self._columns), row.cells, strict=True))
        for column, room in self._layout(width):
            pieces = _fitted(cells[column.key], room, column.right)
            segments += [Segment(text, base + Style.parse(style) if style else base) for text, style in pieces]
            segments.append(Segment(" " * _GAP, base))
        return Strip(segments).adjust_cell_length(width, base)

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self._move_to(self._cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by screens."""
        self._move_to(self._cursor + by * max(self.size.height - 2, 1))

    def action_choose(self) -> None:
        """Tell that the row under the cursor is chosen."""
        if self.cursor_key is not None:
            self.post_message(self.Chosen(self, self.cursor_key))

    def on_click(self, event: events.Click) -> None:
        """The heading sorts; a row gets the cursor, and is chosen when it has it."""
        if event.y == 0:
            left = len(CURSOR)
            for column, room in self._layout(self.size.width):
                left += room + _GAP
                if event.x < left:
                    self.post_message(self.HeadingClicked(self, column.key))
                    return
            return
        index = event.y - 1 + self.scroll_offset.y
        if index < len(self._rows):
            if index == self._cursor:
                self.action_choose()
            self._move_to(index)

    def on_focus(self) -> None:
        """The cursor shows."""
        self.refresh()

    def on_blur(self) -> None:
        """It does not."""
        self.refresh()

    def on_resize(self) -> None:
        """The columns get their widths anew."""
        self.virtual_size = Size(self.size.width, len(self._rows) + 1)
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The heading does not scroll with the rows."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.refresh()

    def _move_to(self, index: int) -> None:
        if not self._rows:
            return
        self._cursor = max(0, min(index, len(self._rows) - 1))
        self._cursor_key = self._rows[self._cursor].key
        rows = max(self.size.height - 1, 1)
        top = self.scroll_offset.y
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, force=True)
        elif self._cursor >= top + rows:
            self.scroll_to(y=self._cursor - rows + 1, animate=False, force=True)
        self.refresh()

    def _find_cursor(self) -> None:
        """Where the cursor's row is now; before anybody has moved it, it stays at its place."""
        if self._cursor_key is not None:
            for index, row in enumerate(self._rows):
                if row.key == self._cursor_key:
                    self._cursor = index
                    return
        self._cursor = max(0, min(self._cursor, len(self._rows) - 1))

    def _layout(self, width: int) -> list[tuple[Column, int]]:
        """The columns that have room, with their widths."""
        shown = [column for column in self._columns if width >= column.least]
        flexible = sorted((column for column in shown if not column.width), key=lambda column: column.most)
        room = max(width - sum(column.width for column in shown) - _GAP * len(shown) - len(CURSOR), 0)
        widths: dict[str, int] = {}
        for left, column in zip(range(len(flexible), 0, -1), flexible, strict=True):
            widths[column.key] = min(room // left, column.most)
            room -= widths[column.key]
        return [(column, column.width or widths[column.key]) for column in shown]

    def _heading(self, width: int) -> Strip:
        base = self.get_component_rich_style("table--heading")
        mark = self.get_component_rich_style("table--sorted")
        key, downwards = self._sorted
        segments = [Segment(" " * len(CURSOR), base)]
        for column, room in self._layout(width):
            title = f"{column.title}{'▼' if downwards else '▲'}" if column.key == key else column.title
            # The mark may take the gap.
            gap = _GAP if cell_len(title) <= room else 0
            ((text, _),) = _fitted(title, room + _GAP - gap, column.right)
            segments += [Segment(text, mark if column.key == key else base), Segment(" " * gap, base)]
        return Strip(segments).adjust_cell_length(width, base)


def _fitted(cell: Cell, width: int, right: bool) -> list[Piece]:
    """Exactly ``width`` cells."""
    if isinstance(cell, Bar):
        return cell.pieces(width)
    if isinstance(cell, Either):
        cell = next((text for text in cell.texts if cell_len(text) <= width), cell.texts[-1])
    if isinstance(cell, Cut):
        cell = cell.cut(cell.text, width)
    if isinstance(cell, str):
        text = shortened(cell, width) if width > 1 else set_cell_size(cell, width)
        room = " " * (width - cell_len(text))
        return [(room + text if right else text + room, "")]
    out: list[Piece] = []
    for text, style in cell:
        out.append((set_cell_size(text, min(cell_len(text), width)), style))
        width -= cell_len(out[-1][0])
    return [*out, (" " * width, "")] if not right else [(" " * width, ""), *out]
