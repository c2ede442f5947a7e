"""A titled table that fits the width: figures keep theirs, names give way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

_GAP = 2
MIN_NAME = 8
"""Columns that a name keeps however narrow it gets."""


def shortened(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns, the middle left out: the end has the line number."""
    if cell_len(text) <= width:
        return text
    tail = (width - 1) * 2 // 3
    head = set_cell_size(text, width - 1 - tail)
    while cell_len(text) > tail:
        text = text[1:]
    return f"{head}…{text}"


@dataclass(frozen=True, slots=True)
class TextTable:
    """Rows begin with a cell for each of ``names`` and go on with one for each of ``figures``."""

    title: str
    names: Sequence[str]
    figures: Sequence[str]
    """Headings; may have two lines."""
    rows: Sequence[Sequence[str]]
    limit: int
    """Rows that are shown; what is left out is counted below them."""
    cut: Callable[[str, int], str] = shortened
    """Cuts a name that is too long to so many columns."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        shown = self.rows[: self.limit]
        headings = [*self.names, *self.figures]
        widths = [
            max(cell_len(cell) for cell in (*heading.split("\n"), *(row[column] for row in shown)))
            for column, heading in enumerate(headings)
        ]
        split = len(self.names)
        room = options.max_width - sum(widths[split:]) - _GAP * (len(headings) - 1)
        table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
        names = _shared(widths[:split], room)
        for heading, width in zip(self.names, names, strict=True):
            table.add_column(heading, no_wrap=True, vertical="bottom", width=width)
        for heading, width in zip(self.figures, widths[split:], strict=True):
            table.add_column(heading, no_wrap=True, justify="right", width=width)
        for row in shown:
            cut = [self.cut(cell, width) for cell, width in zip(row, names, strict=False)]
            table.add_row(*map(Text, [*cut, *row[split:]]))
        yield Text(self.title, style="bold")
        yield table
        if len(self.rows) > len(shown):
            yield Text(f"... and {len(self.rows) - len(shown)} more", style="dim")


def _shared(widths: Sequence[int], room: int) -> list[int]:
    """``widths`` cut down to ``room`` together, the widest first."""
    out = dict(enumerate(widths))
    left, columns = room, len(widths)
    for column in sorted(out, key=out.__getitem__):
        out[column] = max(min(out[column], left // columns), MIN_NAME)
        left -= out[column]
        columns -= 1
    return [out[column] for column in range(len(widths))]
