"""The stacks behind a row of who waits for whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from gilprof.report.text_table import shortened
from gilprof.tui.screens.closable import ClosableScreen
from gilprof.tui.states import LOOKS
from gilprof.tui.view import View
from gilprof.tui.waits import By, StackPair, stack_pairs
from gilprof.tui.widgets.lines import Line
from gilprof.units import format_seconds

_WAITING, _HELD = LOOKS[2], LOOKS[0]


class StacksScreen(ClosableScreen):
    """Waiter's and holder's stacks side by side, the largest pair first."""

    def __init__(self, by: By, key: str) -> None:
        super().__init__()
        self._by = by
        self._key = key

    def lines(self, view: View, width: int) -> Sequence[Line]:
        """Pair by pair."""
        pairs = stack_pairs(view.part, self._by, self._key)
        if not pairs:
            return (((f" Nobody waited so in the time shown ({view.range_name}).", ""),),)
        return tuple(line for pair in pairs for line in _pair(pair, width))


def _pair(pair: StackPair, width: int) -> Iterator[Line]:
    half = (width - 4) // 2
    waited = f" {_WAITING.glyph} {pair.waiter_thread} waited {format_seconds(pair.seconds)}"
    yield (
        (waited.ljust(half + 2), f"bold {_WAITING.style}"),
        (f" {_HELD.glyph} for {pair.holder_thread}", f"bold {_HELD.style}"),
    )
    for waiter, holder in zip_longest(pair.waiter, pair.holder, fillvalue=""):
        yield ((f"   {shortened(waiter, half - 2):<{half - 2}} ", ""), (f"   {shortened(holder, half - 2)}", ""))
    yield ()
