"""The longest waits and turns so far, and those under way."""

from __future__ import annotations

from collections.abc import Iterator

from gilprof.analysis.episodes import EpisodeKind
from gilprof.report.names import thread_name
from gilprof.tui.episodes import STALL_S, Episode, episodes
from gilprof.tui.panels.panel import Entry, Panel, place_cell
from gilprof.tui.states import LOOKS
from gilprof.tui.view import View
from gilprof.tui.widgets.table import Cell, Column, Cut, Row
from gilprof.units import format_seconds

_HELD, _WAITING = LOOKS[0], LOOKS[2]
_COLUMNS = (
    Column("began", "when", 8, right=False),
    Column("seconds", "lasted", 8),
    Column("kind", "what", 6, right=False),
    Column("thread", "thread", most=20, right=False),
    Column("place", "where", right=False),
    Column("others", "who / for whom", right=False),
    Column("why", "why", 11, right=False, least=100),
    Column("harm", "harm", 8, least=100),
)


class WorstPanel(Panel):
    """Those that cost the most first."""

    TITLE, SHORT, NUMBER = "Worst episodes", "Worst", 4
    EMPTY = "No wait or turn was long enough to be told from the gaps between passes."
    FIRST_SORT = "harm"

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self._functions: dict[str, str | None] = {}

    def columns(self) -> tuple[Column, ...]:
        """The same always."""
        return _COLUMNS

    def heading(self) -> str:
        """Two kinds."""
        return "longest waits, and turns that others waited for"

    def range_name(self, view: View) -> str:
        """Always all of it."""
        return "since the start"

    def function(self, key: str) -> str | None:
        """The function that had the GIL in the episode of this row (``Range.function_key``)."""
        return self._functions.get(key)

    def entries(self, view: View) -> Iterator[Entry]:
        """Every one that is kept."""
        self._functions.clear()
        for episode in episodes(view.snapshot):
            if view.matches(episode.thread, episode.place, *episode.others):
                self._functions[episode.key] = episode.function
                yield _entry(episode)


def _entry(episode: Episode) -> Entry:
    look, kind = (_WAITING, "wait") if episode.kind is EpisodeKind.WAIT else (_HELD, "turn")
    style = "bold reverse" if episode.so_far and episode.seconds >= STALL_S else look.style
    others = episode.others[0] if episode.others else "-"
    if len(episode.others) > 1:
        others = f"{others} and {len(episode.others) - 1} more"
    cells: tuple[Cell, ...] = (
        f"{episode.began:%H:%M:%S}",
        ((f"{format_seconds(episode.seconds):>8}", style),),
        ((f"{kind} …" if episode.so_far else kind, look.style),),
        Cut(episode.thread, thread_name),
        place_cell(episode.place),
        Cut(others, thread_name) if kind == "turn" and len(episode.others) == 1 else others,
        episode.why,
        format_seconds(episode.harm_s),
    )
    values: dict[str, float | str] = {
        "began": episode.began.timestamp(),
        "seconds": episode.seconds,
        "kind": kind,
        "thread": episode.thread,
        "place": episode.place,
        "others": others,
        "why": episode.why,
        "harm": episode.harm_s,
    }
    return Entry(Row(episode.key, cells), values)
