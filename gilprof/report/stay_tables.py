"""Spans and event loops in the text report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gilprof.report.model import HeldUpBy, Loop, Process, Seconds, SlowSpan
from gilprof.report.names import printable
from gilprof.report.places import NamedPlaces, time_of_day
from gilprof.report.section import Section
from gilprof.units import format_seconds, format_share

SLOW_ROWS = 5
CAUSES = 3


def span_tables(process: Process) -> Iterable[Section]:
    """Spans, and the slowest of each."""
    yield Section(
        "Spans: stays of functions on a thread's stack; shares of the time in them",
        ["span"],
        ["count", "p50", "p99", "longest", "held", "waiting", "no GIL", "blocked"],
        [
            [
                printable(span.name, 80),
                f"{span.count:.0f}",
                *map(format_seconds, (span.p50_s, span.p99_s, span.max_s)),
                *_shares(span.seconds),
            ]
            for span in process.spans
        ],
        SLOW_ROWS,
    )
    for span in process.spans:
        yield _slowest(f"Slowest spans of {printable(span.name, 80)}", process, span.slowest)


def loop_lines(process: Process) -> Iterator[str]:
    """``Event loop in MainThread (asyncio): ...``: how often its callbacks held it up, and why."""
    places = NamedPlaces(process)
    for loop in process.loops:
        limit = format_seconds(loop.held_up_limit_s)
        told = f"held up {loop.held_up} times longer than {limit}" if loop.held_up else f"never held up for {limit}"
        causes = ", ".join(_cause(cause, places) for cause in loop.held_up_by[:CAUSES])
        yield f"Event loop in {places.thread(loop.thread)} ({loop.kind}): {told}{': ' if causes else ''}{causes}"


def loop_tables(process: Process) -> Iterable[Section]:
    """How long callbacks took, and the longest ones of each loop."""
    places = NamedPlaces(process)
    yield Section(
        "Event loops: stays in callbacks; shares of the time in them",
        ["loop"],
        ["count", "p50", "p99", "longest", "held", "waiting", "no GIL", "blocked"],
        [_loop(loop, places) for loop in process.loops],
        SLOW_ROWS,
    )
    for loop in process.loops:
        yield _slowest(f"Longest callbacks in {places.thread(loop.thread)}", process, loop.slowest)


def _loop(loop: Loop, places: NamedPlaces) -> list[str]:
    lengths = map(format_seconds, (loop.p50_s, loop.p99_s, loop.max_s))
    return [f"{places.thread(loop.thread)} ({loop.kind})", f"{loop.count:.0f}", *lengths, *_shares(loop.seconds)]


def _slowest(title: str, process: Process, rows: Sequence[SlowSpan]) -> Section:
    places = NamedPlaces(process)
    return Section(
        title,
        ["mostly at", "waited for"],
        ["at (UTC)", "length", "waiting"],
        [
            [
                places.at(row.thread, row.function, row.line),
                places.at(*_first(row)) if row.waited_for else "-",
                time_of_day(process, row.start_s),
                format_seconds(row.seconds),
                format_seconds(row.states["waiting"]),
            ]
            for row in rows
        ],
        SLOW_ROWS,
    )


def _first(row: SlowSpan) -> tuple[int, int | None, int | None]:
    culprit = row.waited_for[0]
    return culprit.thread, culprit.function, culprit.line


def _cause(cause: HeldUpBy, places: NamedPlaces) -> str:
    if cause.waiting_for is not None:
        return f"{cause.count} waiting for the GIL of {places.thread(cause.waiting_for)}"
    return f"{cause.count} by {places.function(cause.function, None)} itself"


def _shares(states: Seconds) -> list[str]:
    whole = sum(states.values())
    held = states["held"] + states["held_blocked"]
    parts = (held, states["waiting"], states["released"], states["blocked"])
    return [format_share(part / whole if whole else None) for part in parts]
