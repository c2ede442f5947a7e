"""What the program wrote, and a line to type for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from gilprof.tui.actions import Scope, bindings
from gilprof.tui.screens.live import LiveScreen
from gilprof.tui.widgets.output import OutputPane


class TypedLine(Input):
    """The end of input is typed as on a terminal."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+d", "end_of_input", show=False)]

    def action_end_of_input(self) -> None:
        """Nothing more comes."""
        self.post_message(OutputPane.Typed(None))


class OutputScreen(LiveScreen[None]):
    """The keys are the typed line's, but for those that leave and scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(Scope.OUTPUT),
        Binding("pageup", "scroll(-1)", show=False, priority=True),
        Binding("pagedown", "scroll(1)", show=False, priority=True),
    ]

    def body(self) -> Iterator[Widget]:
        """The output, and what is being typed."""
        yield OutputPane()
        yield TypedLine(placeholder="a line for the program; ctrl+d: the end of its input", id="typed", compact=True)

    def on_mount(self) -> None:
        """Whoever types, types for the program."""
        self.set_focus(self.query_one(TypedLine))

    def action_scroll(self, by: int) -> None:
        """A page back or forth."""
        pane = self.query_one(OutputPane)
        pane.scroll_to(y=pane.scroll_offset.y + by * max(pane.size.height - 1, 1), animate=False, force=True)

    def action_back(self) -> None:
        """To the tables."""
        self.dismiss()

    @on(Input.Submitted, "#typed")
    def submitted(self, event: Input.Submitted) -> None:
        """The line is the program's."""
        event.input.clear()
        self.post_message(OutputPane.Typed(event.value))
