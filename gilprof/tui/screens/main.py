"""The main screen: threads, functions, who waits for whom, the worst episodes; all where there is room, else one."""

from __future__ import annotations

from collections.abc import Iterator

from textual import events, on
from textual.containers import Container
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from gilprof.tui.actions import Scope, bindings
from gilprof.tui.messages import FilterTyped
from gilprof.tui.panels.functions import FunctionsPanel
from gilprof.tui.panels.panel import Panel
from gilprof.tui.panels.threads import ThreadsPanel
from gilprof.tui.panels.waits import WaitsPanel
from gilprof.tui.panels.worst import WorstPanel
from gilprof.tui.screens.details import DetailsScreen
from gilprof.tui.screens.flame import FlameScreen
from gilprof.tui.screens.live import LiveScreen
from gilprof.tui.screens.output import OutputScreen
from gilprof.tui.screens.stacks import StacksScreen
from gilprof.tui.view import View
from gilprof.tui.widgets.output import OutputPane
from gilprof.tui.widgets.table import Table

PANELS: dict[str, type[Panel]] = {
    "threads": ThreadsPanel,
    "functions": FunctionsPanel,
    "waits": WaitsPanel,
    "worst": WorstPanel,
}
"""In the order of their numbers."""


class MainScreen(LiveScreen[None]):
    """One panel has the focus; on small screens it is the only one that is seen."""

    BINDINGS = bindings(Scope.TABLES)

    def __init__(self, has_program: bool = False) -> None:
        """``has_program``: gilprof has started the target, and has its output."""
        super().__init__()
        self._has_program = has_program
        self._view: View | None = None

    def body(self) -> Iterator[Widget]:
        """The panels, the choice between them, and the filter while it is typed."""
        yield Static(id="choices", markup=False)
        with Container(id="panels"):
            for name, panel in PANELS.items():
                yield panel(id=name)
        if self._has_program:
            yield OutputPane()
        yield Input(placeholder="show only rows that contain ...", id="filter", compact=True, select_on_focus=False)

    def on_mount(self) -> None:
        """Threads come first."""
        self.query_one("#filter").display = False
        self.action_panel("threads")

    def show_body(self, view: View) -> None:
        """Only the panels that are seen are filled."""
        self._view = view
        for panel in self._seen():
            panel.show(view)
        self._show_choices(view)

    def action_panel(self, name: str) -> None:
        """Bring a panel up."""
        for other in PANELS:
            self.query_one(f"#{other}").set_class(other == name, "-current")
        # At once: a key that is already under way is the new panel's.
        self.set_focus(self.query_one(f"#{name}", Panel).table)
        self._again()

    def action_next_panel(self, by: int) -> None:
        """The next panel, or the one before."""
        names = list(PANELS)
        self.action_panel(names[(names.index(self._current().id or "") + by) % len(names)])

    def action_sort(self, by: int) -> None:
        """Sort by another column."""
        self._current().next_sort(by)

    def action_invert(self) -> None:
        """Turn the order round."""
        self._current().invert()

    def action_view(self) -> None:
        """Other columns, or other rows."""
        self._current().next_view()
        self._again()

    def action_filter(self) -> None:
        """Type what rows must contain."""
        field = self.query_one("#filter", Input)
        field.display = True
        self.set_focus(field)

    def action_clear(self) -> None:
        """Take the filter away."""
        field = self.query_one("#filter", Input)
        field.value = ""
        self._leave_filter()

    def action_flame(self) -> None:
        """The flame graph of all threads."""
        self.app.push_screen(FlameScreen())

    def action_output(self) -> None:
        """What the program wrote."""
        self.app.push_screen(OutputScreen())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The output is there only of a program that gilprof has started."""
        return self._has_program if action == "output" else super().check_action(action, parameters)

    @on(Input.Changed, "#filter")
    def filter_changed(self, event: Input.Changed) -> None:
        """Filter with every letter."""
        self.app.post_message(FilterTyped(event.value))

    @on(Input.Submitted, "#filter")
    def filter_submitted(self) -> None:
        """The filter stays; the keys are the table's again."""
        self._leave_filter()

    @on(Table.HeadingClicked)
    def heading_clicked(self, event: Table.HeadingClicked) -> None:
        """Sort by the column."""
        panel = next(panel for panel in self.query(Panel) if panel.table is event.table)
        panel.sort_by(event.column)

    @on(Table.Chosen)
    def chosen(self, event: Table.Chosen) -> None:
        """What is behind the row."""
        if event.table.id == "threads-table":
            self.app.push_screen(FlameScreen(int(event.key)))
        elif event.table.id == "functions-table":
            self.app.push_screen(DetailsScreen(event.key))
        elif event.table.id == "waits-table":
            self.app.push_screen(StacksScreen(self.query_one(WaitsPanel).by, event.key))
        elif event.table.id == "worst-table":
            function = self.query_one(WorstPanel).function(event.key)
            if function is not None:
                self.app.push_screen(DetailsScreen(function))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """A click into another panel brings it up."""
        parent = event.widget.parent
        if isinstance(parent, Panel) and not parent.has_class("-current"):
            self.action_panel(parent.id or "")

    def _leave_filter(self) -> None:
        self.query_one("#filter").display = False
        self.set_focus(self._current().table)

    def _current(self) -> Panel:
        return self.query_one("Panel.-current", Panel)

    def _seen(self) -> list[Panel]:
        return [panel for panel in self.query(Panel) if panel.display]

    def _again(self) -> None:
        if self._view is not None:
            self.show_body(self._view)

    def _show_choices(self, view: View) -> None:
        current = self._current().id
        parts = [
            f"[@click=screen.panel('{name}')]{'[reverse]' if name == current else ''} {panel.NUMBER} {panel.SHORT} "
            f"{'[/]' if name == current else ''}[/]"
            for name, panel in PANELS.items()
        ]
        parts.append("[@click=screen.flame] 5 Flame graph [/]")
        about = view.range_name
        if view.filter:
            about += f", only {view.filter}"
        links = Content.from_markup("".join(parts))
        self.query_one("#choices", Static).update(Content.assemble(links, "  ", (about, "dim")), layout=False)
