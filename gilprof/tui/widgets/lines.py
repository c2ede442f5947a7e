"""Lines of styled text, of which only those that changed are written again."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from gilprof.tui.widgets.bar import Piece

Line = tuple[Piece, ...]


def wrapped(label: Piece, text: str, width: int) -> list[Line]:
    """``text`` beside ``label``, in as many lines of ``width`` as it takes."""
    indent = cell_len(label[0])
    first, *rest = textwrap.wrap(text, max(width - indent - 1, 10)) or [""]
    return [(label, (first, "")), *(((" " * indent + line, ""),) for line in rest)]


class Lines(ScrollView):
    """Scrolls where it has the focus and more lines than rows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "scroll_up", show=False),
        Binding("j", "scroll_down", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None, can_focus: bool = False) -> None:
        super().__init__(id=id, classes=classes)
        self.can_focus = can_focus
        self._lines: tuple[Line, ...] = ()

    @property
    def plain(self) -> tuple[str, ...]:
        """The text of each line."""
        return tuple("".join(text for text, _ in line) for line in self._lines)

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines instead."""
        before, self._lines = self._lines, tuple(lines)
        if len(before) != len(self._lines):
            self.virtual_size = Size(self.size.width, len(self._lines))
            self.refresh()
            return
        for number, (old, new) in enumerate(zip(before, self._lines, strict=True)):
            if old != new:
                self.refresh(Region(0, number - self.scroll_offset.y, max(self.size.width, 1), 1))

    def on_resize(self) -> None:
        """Lines are cut at the new width."""
        self.virtual_size = Size(self.size.width, len(self._lines))

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        number, base = y + self.scroll_offset.y, self.rich_style
        line = self._lines[number] if number < len(self._lines) else ()
        segments = [Segment(text, base + Style.parse(style) if style else base) for text, style in line]
        return Strip(segments).adjust_cell_length(self.size.width, base)
