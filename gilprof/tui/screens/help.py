"""Help: the keys, and what each figure means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gilprof.tui.actions import KEYS, Scope
from gilprof.tui.screens.closable import ClosableScreen
from gilprof.tui.states import LOOKS
from gilprof.tui.view import View
from gilprof.tui.widgets.lines import Line, wrapped

_MEANING = {
    "held": "it has the GIL and can run: Python code, or C code that did not release it",
    "held_blocked": "it has the GIL and is blocked inside C code: nobody gains anything, the worst there is",
    "waiting": "it wants the GIL and does not have it: the harm",
    "released": "it runs code that needs no GIL: good, more threads of it help",
    "blocked": "off the CPU and without a wish for the GIL: I/O, sleep, a lock, a queue",
    "unknown": "it could not be told",
}
_FIGURES = (
    ("self, total", "seconds with the function on top of the stack, or anywhere on it"),
    ("blamed", "thread-seconds that others waited while it had the GIL: may exceed the time shown"),
    ("overdue", "it kept the GIL although it had been asked to drop it: C code, Python code obeys at once"),
    ("preempted", "the waiter was made to drop the GIL"),
    ("returning", "the waiter gave it up itself, for a call, and wants it back"),
    ("entering", "the waiter is new to Python: a new thread"),
    ("hand-over", "nobody has the GIL: the next one has not got in yet"),
    ("CPU, queued", "the kernel's account: on a CPU, and ready without one"),
    ("own function", "the innermost function outside the standard library and site-packages"),
)


class HelpScreen(ClosableScreen):
    """Scrolls."""

    def lines(self, view: View, width: int) -> Sequence[Line]:
        """The same always."""
        return tuple(_lines(width - 2))


def _lines(width: int) -> Iterator[Line]:
    for scope in Scope:
        yield ((f" Keys: {scope.value}", "bold"),)
        for key in KEYS:
            if key.scope is scope and key.shown:
                yield from wrapped((f"  {key.shown:<12} ", "bold"), key.help, width)
        yield ()
    yield ((" What the states mean", "bold"),)
    for look in LOOKS:
        yield from wrapped((f"  {look.glyph} {look.title:<20}", look.style), _MEANING[look.state.name.lower()], width)
    yield ()
    yield ((" What the figures mean", "bold"),)
    for name, meaning in _FIGURES:
        yield from wrapped((f"  {name:<14} ", "bold"), meaning, width)
