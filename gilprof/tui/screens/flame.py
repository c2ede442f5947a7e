"""The flame graph: of all threads or one, of all states or one."""

from __future__ import annotations

from collections.abc import Iterator
from glob import escape

from textual import on
from textual.widget import Widget
from textual.widgets import Static

from gilprof.exporters.narrowing import Narrowing
from gilprof.model import State
from gilprof.report.names import location, thread_name
from gilprof.tui.actions import Scope, bindings
from gilprof.tui.screens.details import DetailsScreen
from gilprof.tui.screens.live import LiveScreen
from gilprof.tui.snapshot import Range
from gilprof.tui.states import LOOKS
from gilprof.tui.tree import EVERY_STATE, Call, States, call_tree
from gilprof.tui.view import View
from gilprof.tui.widgets.icicle import Branch, Icicle
from gilprof.units import format_seconds, format_share

_HAS_GIL = frozenset({State.HELD, State.HELD_BLOCKED})
_CHOICES: tuple[tuple[str, States, str], ...] = (
    ("holding the GIL (held, held while blocked)", _HAS_GIL, "on #14427a"),
    *((look.title, frozenset({look.state}), f"on {back}") for look, back in zip(
        LOOKS, ("#14427a", "#5c2a5c", "#6e2323", "#0f5c3f", "#3a3a3a", "#5c5c0a"), strict=True)),
    ("every state", EVERY_STATE, "on #3a3a3a"),
)  # fmt: skip
"""What the graph is of, in words; the boxes' colour. Own functions are brighter."""


class FlameScreen(LiveScreen[None]):
    """Boxes under boxes: a function under what called it, as wide as its share of the time."""

    BINDINGS = bindings(Scope.FLAME)

    def __init__(self, thread: int | None = None) -> None:
        """``thread``: its id; None: all."""
        super().__init__()
        self._thread = thread
        self._choice = len(_CHOICES) - 1 if thread is not None else 0
        self._view: View | None = None
        self._selected: Icicle.Selected | None = None

    def body(self) -> Iterator[Widget]:
        """The title says of what; below the graph, what the cursor is on."""
        yield Static(id="flame-title", classes="title", markup=False)
        yield Icicle(id="flame")
        yield Static(id="flame-status", markup=False)

    def show_body(self, view: View) -> None:
        """The tree is made anew."""
        self._view = view
        title, states, style = _CHOICES[self._choice]
        tree = call_tree(view.part, states, self._thread)
        who = "all threads" if self._thread is None else f"thread {self._names(view)[self._thread]}"
        self.query_one("#flame-title", Static).update(
            f" Flame graph of {who}: {title}, {format_seconds(tree.ns / 1e9)} in the {view.range_name}", layout=False
        )
        self.query_one(Icicle).show(branches(tree, view.part, style))

    def action_state(self, by: int) -> None:
        """Of another state."""
        self._choice = (self._choice + by) % len(_CHOICES)
        self._again()

    def action_thread(self, by: int) -> None:
        """Of another thread; all of them come before the first."""
        if self._view is not None:
            order: list[int | None] = [None, *self._names(self._view)]
            place = order.index(self._thread) if self._thread in order else 0
            self._thread = order[(place + by) % len(order)]
            self._again()

    def action_details(self) -> None:
        """Of the function under the cursor."""
        path = self.query_one(Icicle).cursor
        if path and self._view is not None:
            self.app.push_screen(DetailsScreen(self._view.part.function_key(path[-1])))

    def seen(self) -> Narrowing:
        """The states and the thread that are shown."""
        _, states, _ = _CHOICES[self._choice]
        name = None
        if self._thread is not None and self._view is not None:
            seen = self._view.part.definitions.threads.get(self._thread)
            name = None if seen is None else escape(seen.name)
        return Narrowing(tuple(sorted(states)), name)

    def action_back(self) -> None:
        """To the tables."""
        self.dismiss()

    @on(Icicle.Selected)
    def selected(self, event: Icicle.Selected) -> None:
        """Say what the cursor is on."""
        whole = event.root.value or 1.0
        self.query_one("#flame-status", Static).update(
            f" {event.branch.label}: {format_seconds(event.branch.value / 1e9)}, "
            f"{format_share(event.branch.value / whole)} of the graph",
            layout=False,
        )

    def _names(self, view: View) -> dict[int, str]:
        """Names of the Python threads by id."""
        return {t.id: thread_name(t.name, 40) for t in view.part.process.threads if t.gil is not None} | (
            {} if self._thread is None else {self._thread: _name(view.part, self._thread)}
        )

    def _again(self) -> None:
        if self._view is not None:
            self.show_body(self._view)


def branches(tree: Call, part: Range, style: str) -> Branch:
    """The tree as boxes; made from the leaves up, as stacks may be deeper than Python recurses."""
    order: list[Call] = [tree]
    for call in order:
        order.extend(call.children.values())
    made: dict[int, Branch] = {}
    for call in reversed(order):
        children = tuple(made[id(child)] for child in call.largest_first())
        if call.parent is None:
            made[id(call)] = Branch(-1, "everything", call.ns, style, children)
            continue
        name, file, line = part.functions.keys[call.function]
        own = part.functions.own[call.function]
        made[id(call)] = Branch(
            call.function, location(name, file, line), call.ns, f"bold {style}" if own else style, children
        )
    return made[id(tree)]


def _name(part: Range, thread: int) -> str:
    seen = part.definitions.threads.get(thread)
    return thread_name(seen.name, 40) if seen is not None else str(thread)
