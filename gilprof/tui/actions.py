"""The one table of keys: what the screens bind, the footer shows and the help explains."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from textual.binding import Binding, BindingType


class Scope(Enum):
    """Where a key works."""

    EVERYWHERE = "Everywhere"
    TABLES = "Threads, functions, who waits for whom, worst episodes"
    FLAME = "Flame graph"
    OUTPUT = "The program's output"
    EXPORT = "Export"
    CLOSE = "Details, stacks, help"


@dataclass(frozen=True, slots=True)
class Key:
    """A row of the table. Without an ``action`` the widget that has the focus takes the key by itself."""

    scope: Scope
    keys: str
    """As textual names them, separated by commas."""
    shown: str
    """As people read them."""
    action: str
    label: str
    """In the footer, which has room for 80 columns of them; empty: only the help has it."""
    help: str
    late: bool = False
    """Behind the others in the footer."""
    always: bool = False
    """Also where text is typed."""


KEYS = (
    Key(Scope.EVERYWHERE, "q,f10", "q F10", "quit", "Quit", "Leave. The process goes on as if nothing was."),
    Key(
        Scope.EVERYWHERE,
        "ctrl+c",
        "^C",
        "interrupt",
        "",
        "Leave; under run --live: interrupt the program.",
        always=True,
    ),
    Key(Scope.EVERYWHERE, "question_mark,h,f1", "? h F1", "help", "Help", "This help; what each figure means."),
    Key(Scope.EVERYWHERE, "p,space", "p space", "pause", "Pause", "The picture stands still; sampling goes on."),
    Key(Scope.EVERYWHERE, "w", "w", "range", "Window", "Switch between the last seconds and since the start."),
    Key(Scope.TABLES, "1", "1", "panel('threads')", "", "Threads."),
    Key(Scope.TABLES, "2", "2", "panel('functions')", "", "Functions."),
    Key(Scope.TABLES, "3", "3", "panel('waits')", "", "Who waits for whom."),
    Key(Scope.TABLES, "4", "4", "panel('worst')", "", "The worst episodes: the longest waits and turns."),
    Key(Scope.TABLES, "tab", "tab", "next_panel(1)", "", "The next of these four; shift+tab: the one before."),
    Key(Scope.TABLES, "shift+tab", "", "next_panel(-1)", "", ""),
    Key(Scope.TABLES, "5,f", "5 f", "flame", "", "The flame graph of all threads."),
    Key(Scope.TABLES, "6,c", "6 c", "output", "Output", "run --live: what the program wrote; type its input there."),
    Key(Scope.TABLES, "s,f6", "s F6", "sort(1)", "Sort", "Sort by the next column (a click on its heading)."),
    Key(Scope.TABLES, "S", "S", "sort(-1)", "", "Sort by the column before."),
    Key(Scope.TABLES, "i,I", "i", "invert", "", "Turn the order round."),
    Key(Scope.TABLES, "slash,f3,f4", "/ F4", "filter", "Filter", "Show only rows that contain what is typed."),
    Key(Scope.TABLES, "escape", "esc", "clear", "", "Take the filter away."),
    Key(
        Scope.TABLES,
        "v",
        "v",
        "view",
        "View",
        "Functions: self or total. Who waits: by own function, top function, line, thread.",
    ),
    Key(
        Scope.TABLES,
        "",
        "enter",
        "",
        "",
        "A thread: its flame graph. A function: its details. A wait: the stacks behind it. An episode: the function's "
        "details (a second click).",
    ),
    Key(Scope.TABLES, "", "↑ ↓ k j", "", "", "Move; page up and down, home, end as well."),
    Key(
        Scope.EVERYWHERE,
        "n",
        "n",
        "process(1)",
        "Next",
        "Of several processes: the next one; N: the one before.",
        late=True,
    ),
    Key(Scope.EVERYWHERE, "N", "", "process(-1)", "", ""),
    Key(Scope.EVERYWHERE, "r", "r", "reset", "", "The time since the start begins now.", late=True),
    Key(
        Scope.EVERYWHERE, "o", "o", "record", "Record", "Record into a new file from now on; again: end it.", late=True
    ),
    Key(Scope.EVERYWHERE, "e", "e", "export", "Export", "Write what is seen into a file: choose a format.", late=True),
    Key(Scope.FLAME, "escape", "esc", "back", "Back", "Back to the tables."),
    Key(Scope.FLAME, "", "↑ ↓ ← →", "", "", "To the caller, the largest callee, the box beside (k j h l)."),
    Key(Scope.FLAME, "", "enter z", "", "", "Zoom in on the box under the cursor (a second click)."),
    Key(Scope.FLAME, "", "backspace u", "", "", "Zoom out one step; home: all the way."),
    Key(Scope.FLAME, "t", "t", "state(1)", "State", "The next state: all, held, waiting, ...; T: the one before."),
    Key(Scope.FLAME, "T", "", "state(-1)", "", ""),
    Key(Scope.FLAME, "greater_than_sign,full_stop", "> .", "thread(1)", "Thread", "The next thread; first: all."),
    Key(Scope.FLAME, "less_than_sign,comma", "< ,", "thread(-1)", "", "The thread before."),
    Key(Scope.FLAME, "d", "d", "details", "", "The details of the function under the cursor."),
    Key(Scope.OUTPUT, "escape", "esc", "back", "Back", "Back to the tables; page up and down scroll."),
    Key(
        Scope.OUTPUT, "", "enter", "", "", "Give the line that was typed to the program; ctrl+d: the end of its input."
    ),
    Key(Scope.EXPORT, "escape", "esc", "back", "Back", "Back, without a file."),
    Key(Scope.EXPORT, "", "↑ ↓ enter", "", "", "Choose a format."),
    Key(Scope.CLOSE, "escape,enter", "esc enter", "back", "Back", "Back to where one came from; ↑ ↓ move."),
)


def bindings(scope: Scope) -> list[BindingType]:
    """What a screen of this scope binds; what works everywhere comes first in the footer. Where text is typed, letters
    are text."""
    return [
        Binding(
            key.keys,
            f"app.{key.action}" if key.scope is Scope.EVERYWHERE else key.action,
            key.label or key.help,
            show=bool(key.label),
            key_display=_display(key),
            priority=key.always,
        )
        for key in sorted(KEYS, key=lambda key: key.scope is not Scope.EVERYWHERE or key.late)
        if key.action and _works(key, scope)
    ]


def _works(key: Key, scope: Scope) -> bool:
    if key.scope is Scope.EVERYWHERE:
        return key.always or scope is not Scope.OUTPUT
    return key.scope is scope


def _display(key: Key) -> str:
    """The first of the keys, as the footer shows it."""
    return key.shown.partition(" ")[0]
