"""Who waits for whom, and why."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from gilprof.report.answer.limits import OVERDUE
from gilprof.report.names import thread_name
from gilprof.tui.panels.panel import Entry, Panel, place_cell
from gilprof.tui.states import LOOKS
from gilprof.tui.view import View
from gilprof.tui.waits import By, Wait, waits
from gilprof.tui.widgets.table import Cell, Column, Cut, Either, Row
from gilprof.units import format_seconds, format_share

NARROW = 100
SHOWN = 100
"""Rows: what comes behind them is hardly worth a look."""
SEARCHED = 5000
_WAITING = LOOKS[2]


class WaitsPanel(Panel):
    """The largest first."""

    TITLE, SHORT, NUMBER = "Who waits for whom", "Who waits", 3
    EMPTY = "Nobody waited for the GIL in this time."
    FIRST_SORT = "seconds"

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self._by = By.OWN

    @property
    def by(self) -> By:
        """What holders and waiters are told apart by."""
        return self._by

    def columns(self) -> tuple[Column, ...]:
        """Where there is less room, less of why."""
        narrow = self.is_mounted and self.table.size.width < NARROW
        return (
            Column("waiter", "who waits", right=False),
            Column("holder", "for whom", right=False),
            Column("seconds", "waiting", 8),
            Column("share", "share", 6),
            Column("why", "why", 9 if narrow else 15, right=False),
            Column("overdue", "overdue", 7 if narrow else 12),
        )

    def heading(self) -> str:
        """What the rows are told apart by."""
        return f"the largest, by {self._by.value}"

    def next_view(self) -> None:
        """Own function, top function, line, thread."""
        choices = list(By)
        self._by = choices[(choices.index(self._by) + 1) % len(choices)]
        self.again()

    def entries(self, view: View) -> Iterator[Entry]:
        """The largest of the pairs that the filter lets through, among the first ``SEARCHED``."""
        searched = islice(waits(view.part, self._by), SEARCHED if view.filter else SHOWN)
        yield from islice(
            (_entry(wait, self._by) for wait in searched if view.matches(wait.waiter, wait.holder)), SHOWN
        )


def _entry(wait: Wait, by: By) -> Entry:
    why = max(wait.origins, key=wait.origins.__getitem__)
    overdue = format_share(wait.overdue) if wait.overdue else "-"
    cells: tuple[Cell, ...] = (
        *(Cut(who, thread_name) if by is By.THREAD else place_cell(who) for who in (wait.waiter, wait.holder)),
        ((format_seconds(wait.seconds), _WAITING.style),),
        format_share(wait.share),
        Either((f"{why} {format_share(wait.origins[why])}", why)),
        Either((f"C code {overdue}", overdue)) if wait.overdue >= OVERDUE else overdue,
    )
    values: dict[str, float | str] = {
        "waiter": wait.waiter,
        "holder": wait.holder,
        "seconds": wait.seconds,
        "share": wait.share,
        "why": why,
        "overdue": wait.overdue,
    }
    return Entry(Row(wait.key, cells), values)
