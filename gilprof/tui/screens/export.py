"""The choice of a format for what is seen."""

from __future__ import annotations

from collections.abc import Iterator

from textual import on
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from gilprof.tui.actions import Scope, bindings
from gilprof.tui.exports import CHOICES, Choice
from gilprof.tui.screens.live import LiveScreen


class ExportScreen(LiveScreen[Choice | None]):
    """Dismissed with what was chosen."""

    BINDINGS = bindings(Scope.EXPORT)

    def body(self) -> Iterator[Widget]:
        """One line a format."""
        yield Static(" Write what is seen into a file, as", classes="title", markup=False)
        yield OptionList(
            *(Option(_line(choice), id=choice.name, disabled=not choice.possible) for choice in CHOICES), id="formats"
        )

    def on_mount(self) -> None:
        """The keys are the list's."""
        self.set_focus(self.query_one(OptionList))

    def action_back(self) -> None:
        """Nothing is written."""
        self.dismiss(None)

    @on(OptionList.OptionSelected)
    def selected(self, event: OptionList.OptionSelected) -> None:
        """This one."""
        self.dismiss(CHOICES[event.option_index])


def _line(choice: Choice) -> str:
    line = f"{choice.name:<12} .{choice.ending}"
    return line if choice.possible else f"{line:<34} needs a recording: o here, then gilprof export FILE"
