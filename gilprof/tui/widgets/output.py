"""The newest lines of text that goes on at its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.message import Message

from gilprof.tui.widgets.lines import Lines


class OutputPane(Lines):
    """Stays at the end, unless somebody has scrolled back."""

    class Typed(Message):
        """A line to be given to who writes this; None: there will be no more."""

        def __init__(self, text: str | None) -> None:
            super().__init__()
            self.text = text

    def __init__(self, *, can_focus: bool = False) -> None:
        super().__init__(can_focus=can_focus)
        self.border_title = "the program's output"
        self._count = -1

    def show_output(self, count: int, lines: Callable[[], Sequence[str]]) -> None:
        """Show other ``lines``, where ``count`` says that there are."""
        if count == self._count:
            return
        self._count = count
        at_end = self.scroll_offset.y >= self.max_scroll_y
        self.show([((line, ""),) for line in lines()])
        if at_end:
            self.call_after_refresh(self.scroll_end, animate=False)
