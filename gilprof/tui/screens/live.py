"""What every screen that shows the profile has: the head, and a view that it is given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer

from gilprof.tui.messages import Stale
from gilprof.tui.panels.head import Head
from gilprof.tui.view import View

Result = TypeVar("Result")


class LiveScreen(Screen[Result]):
    """A head, a body, and the footer with the keys."""

    def compose(self) -> ComposeResult:
        """The body is between the head and the footer."""
        yield Head(id="head")
        yield from self.body()
        yield Footer(show_command_palette=False, compact=True)

    def body(self) -> Iterator[Widget]:
        """What the screen is for."""
        yield from ()

    def on_screen_resume(self) -> None:
        """It has come up."""
        self.app.post_message(Stale())

    def on_resize(self) -> None:
        """It has another size, its widgets too once they are laid out."""
        self.call_after_refresh(self.app.post_message, Stale())

    def show(self, view: View) -> None:
        """Show another view; a screen that is being taken down has nothing left to show it with."""
        for head in self.query(Head):
            head.show_view(view)
            self.show_body(view)

    def show_body(self, view: View) -> None:
        """Show another view below the head."""
