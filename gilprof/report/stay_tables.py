"""Spans and event loops in the text report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gilprof.report.answer.limits import STANDS_STILL
from gilprof.report.health import aimed_hz
from gilprof.report.model import HeldUpBy, Loop, Process, Seconds, SlowSpan
from gilprof.report.names import printable, thread_name
from gilprof.report.places import NamedPlaces, cut_at, time_of_day
from gilprof.report.text_table import TextTable
from gilprof.units import format_seconds, format_share

SLOW_ROWS = 5
CAUSES = 3


def span_tables(process: Process) -> Iterable[TextTable]:
    """Spans, and the slowest of each."""
    yield TextTable(
        "Spans: stays of functions on a thread's stack; shares of the time in them",
        ["span"],
        ["count", "p50", "p99", "longest", "held", "waiting", "no GIL", "blocked"],
        [
            [
                printable(span.name, 80),
                f"{'≥' if span.at_least else ''}{span.count:.0f}",
                *map(format_seconds, (span.p50_s, span.p99_s, span.max_s)),
                *_shares(span.seconds),
            ]
            for span in process.spans
        ],
        SLOW_ROWS,
    )
    for span in process.spans:
        yield _slowest(f"Slowest spans of {printable(span.name, 80)}", process, span.slowest)


def span_lines(process: Process) -> Iterator[str]:
    """What the figures of a span are not: ``Span fetch: ...``."""
    for span in process.spans:
        notes = []
        if not span.seen:
            notes.append(
                "never seen on a stack: it was not called, is shorter than the gaps between passes, or is called "
                "otherwise (the qualified name, as Consumer.handle, or a pattern, as *.handle)"
            )
        if span.only_running:
            notes.append(
                "a coroutine or generator, only its running is seen: it is off the stack while it is suspended, and "
                "each of its steps is a span"
            )
        if span.at_least:
            gap = format_seconds(1 / aimed_hz(process.sampling))
            notes.append(
                f"at least {span.count:.0f}, as many are too short for gaps of {gap} between passes: raise --rate"
            )
        if notes:
            yield f"Span {printable(span.name, 80)}: {'; '.join(notes)}"


def loop_lines(process: Process) -> Iterator[str]:
    """``Event loop in MainThread (asyncio): ...``: how much of its time it stood still, how often for long, and why."""
    places = NamedPlaces(process)
    alive_s = {thread.id: thread.alive_s for thread in process.threads}
    for loop in process.loops:
        limit, thread_s = format_seconds(loop.held_up_limit_s), alive_s.get(loop.thread, 0.0)
        words = f"held up {loop.held_up} times longer than {limit}" if loop.held_up else f"never held up for {limit}"
        standing = sum(loop.seconds.values()) / thread_s if thread_s else 0.0
        if standing >= STANDS_STILL:
            waits = format_share(loop.seconds["waiting"] / thread_s)
            longer = words if loop.held_up else f"never longer than {limit} at a stretch"
            words = f"stands still {format_share(standing)} of its time ({waits} waiting for the GIL), {longer}"
        causes = ", ".join(_cause(cause, places) for cause in loop.held_up_by[:CAUSES])
        yield f"Event loop in {places.thread(loop.thread)} ({loop.kind}): {words}{': ' if causes else ''}{causes}"


def loop_tables(process: Process) -> Iterable[TextTable]:
    """How long callbacks took, and the longest ones of each loop."""
    places = NamedPlaces(process)
    yield TextTable(
        "Event loops: stays in callbacks; shares of the time in them",
        ["loop"],
        ["count", "p50", "p99", "longest", "held", "waiting", "no GIL", "blocked"],
        [_loop(loop, places) for loop in process.loops],
        SLOW_ROWS,
        thread_name,
    )
    for loop in process.loops:
        yield _slowest(f"Longest callbacks in {places.thread(loop.thread)}", process, loop.slowest)


def _loop(loop: Loop, places: NamedPlaces) -> list[str]:
    lengths = map(format_seconds, (loop.p50_s, loop.p99_s, loop.max_s))
    return [f"{places.thread(loop.thread)} ({loop.kind})", f"{loop.count:.0f}", *lengths, *_shares(loop.seconds)]


def _slowest(title: str, process: Process, rows: Sequence[SlowSpan]) -> TextTable:
    places = NamedPlaces(process)
    return TextTable(
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
        cut_at,
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
