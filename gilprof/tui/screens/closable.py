"""A screen of lines that one looks at and leaves."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence

from textual.widget import Widget

from gilprof.tui.actions import Scope, bindings
from gilprof.tui.screens.live import LiveScreen
from gilprof.tui.view import View
from gilprof.tui.widgets.lines import Line, Lines


class ClosableScreen(LiveScreen[None]):
    """Lines that scroll, made anew from each view."""

    BINDINGS = bindings(Scope.CLOSE)

    def body(self) -> Iterator[Widget]:
        """The lines."""
        yield Lines(id="lines", can_focus=True)

    def show_body(self, view: View) -> None:
        """Make the lines."""
        lines = self.query_one("#lines", Lines)
        lines.show(self.lines(view, lines.size.width or self.app.size.width))

    def action_back(self) -> None:
        """To where one came from."""
        self.dismiss()

    @abstractmethod
    def lines(self, view: View, width: int) -> Sequence[Line]:
        """What is shown."""
