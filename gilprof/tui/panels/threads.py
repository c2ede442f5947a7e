"""Threads: one row each."""

from __future__ import annotations

from collections.abc import Iterator

from gilprof.model import STATE_NAMES, State
from gilprof.report.model import Thread
from gilprof.report.names import thread_name
from gilprof.tui.panels.panel import Entry, Panel, place_cell
from gilprof.tui.snapshot import Snapshot
from gilprof.tui.states import LOOKS
from gilprof.tui.view import View
from gilprof.tui.waits import stack_text
from gilprof.tui.widgets.bar import Bar, Piece
from gilprof.tui.widgets.table import Cell, Column, Cut, Row
from gilprof.units import format_seconds, format_share

_GLYPHS = (*((look.glyph, look.style) for look in LOOKS), (" ", ""))
_LEAST = {"released": 140, "blocked": 140, "unknown": 140}
NOTABLE = 0.1
"""Shares from here on have their state's colour."""
_COLUMNS = (
    Column("name", "thread", most=26, right=False),
    Column("tid", "tid", 8, least=110),
    Column("bar", "of its time", most=44, right=False),
    *(
        Column(name, f"{look.glyph}{look.short}", max(8, len(look.short) + 1), least=_LEAST.get(name, 0))
        for name, look in zip(STATE_NAMES, LOOKS, strict=True)
    ),
    Column("cpu", "CPU", 6, least=100),
    Column("queued", "queued", 7, least=126),
    Column("blamed", "blamed", 8, least=150),
    Column("now", "now", 8, right=False),
    Column("top", "top of stack", right=False),
)


class ThreadsPanel(Panel):
    """Those that wait most first; the ended ones last, dimmed."""

    TITLE, SHORT, NUMBER = "Threads", "Threads", 1
    EMPTY = "No thread was seen in this time."
    FIRST_SORT = "waiting"

    def columns(self) -> tuple[Column, ...]:
        """The same always."""
        return _COLUMNS

    def heading(self) -> str:
        """The legend of the bars."""
        return "shares of each one's own time"

    def entries(self, view: View) -> Iterator[Entry]:
        """Every thread with time, and those that ended before."""
        threads = view.part.process.threads
        for thread in threads:
            top = _top(view.snapshot, thread.id)
            if view.matches(thread.name, top):
                yield _entry(thread, view.snapshot, top)
        seen = {thread.id for thread in threads}
        for number, thread_seen in view.part.definitions.threads.items():
            if thread_seen.ended_ns is not None and number not in seen and view.matches(thread_seen.name):
                yield _ended(number, thread_seen.tid, thread_seen.name)


def _entry(thread: Thread, snapshot: Snapshot, top: str) -> Entry:
    alive_s = thread.alive_s or 1.0
    shares = [thread.seconds[name] / alive_s for name in STATE_NAMES]
    ended = _has_ended(snapshot, thread)
    state = None if ended or snapshot.over is not None else snapshot.now.states.get(thread.id)
    cells: tuple[Cell, ...] = (
        Cut(_name(thread), thread_name),
        str(thread.tid) if thread.tid is not None else "",
        Bar(tuple(shares), _GLYPHS),
        *(_figure(share, look.style) for share, look in zip(shares, LOOKS, strict=True)),
        format_share(thread.cpu_s / alive_s),
        format_share(thread.queued_s / alive_s),
        format_seconds(thread.blamed_s) if thread.blamed_s else "-",
        _now(state),
        "ended" if ended else place_cell(top),
    )
    values: dict[str, float | str] = {
        "name": thread.name,
        "tid": thread.tid or 0,
        "bar": shares[State.HELD] + shares[State.HELD_BLOCKED],
        **dict(zip(STATE_NAMES, shares, strict=True)),
        "cpu": thread.cpu_s / alive_s,
        "queued": thread.queued_s / alive_s,
        "blamed": thread.blamed_s,
        "now": -1 if state is None else -int(state),
        "top": top,
    }
    return Entry(Row(str(thread.id), cells, dim=ended), values)


def _ended(number: int, tid: int, name: str) -> Entry:
    """It was not seen in the time that is shown."""
    cells: tuple[Cell, ...] = (
        Cut(name, thread_name),
        str(tid) if tid >= 0 else "",
        *("" for _ in _COLUMNS[3:]),
        "ended",
    )
    values: dict[str, float | str] = {column.key: 0.0 for column in _COLUMNS}
    return Entry(Row(str(number), cells, dim=True), values | {"name": name, "tid": tid, "top": "ended"})


def _name(thread: Thread) -> str:
    name = thread_name(thread.name)
    if thread.folded:
        return f"{name} ×{thread.folded}"
    return name if thread.gil is not None else f"native: {name}"


def _has_ended(snapshot: Snapshot, thread: Thread) -> bool:
    seen = snapshot.whole.definitions.threads.get(thread.id)
    return thread.folded > 0 or (seen is not None and seen.ended_ns is not None)


def _top(snapshot: Snapshot, thread: int) -> str:
    """What is on top of the thread's stack now."""
    stack = snapshot.now.stacks.get(thread)
    if stack is None:
        return ""
    return next(iter(stack_text(snapshot.whole, stack)), "<no Python frame>")


def _figure(share: float, style: str) -> tuple[Piece, ...]:
    return ((format_share(share) if share else "-", style if share >= NOTABLE else ""),)


def _now(state: State | None) -> tuple[Piece, ...]:
    return (("", ""),) if state is None else ((LOOKS[state].short, LOOKS[state].style),)
