"""The report for people: the sentence first, then the figures behind it."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

from rich.console import Console, RenderableType
from rich.text import Text

from gilprof.report.children import answer_lines
from gilprof.report.episode_tables import stall_table, worst_tables
from gilprof.report.gils import gil_name
from gilprof.report.health import health
from gilprof.report.model import Gil, Process, Report
from gilprof.report.names import printable
from gilprof.report.stay_tables import loop_lines, loop_tables, span_lines, span_tables
from gilprof.report.tables import (
    blame_table,
    function_tables,
    line_table,
    section_table,
    thread_blame_table,
    thread_table,
)
from gilprof.units import format_mean, format_rate, format_seconds, format_share


def render(parts: Iterator[RenderableType], width: int, styled: bool) -> str:
    """``parts`` as text of ``width`` columns; without ``styled`` plain characters only."""
    out = StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=styled,
        color_system="standard" if styled else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    for part in parts:
        console.print(part)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def report_text(report: Report, width: int = 80, styled: bool = False) -> str:
    """``report`` as text of ``width`` columns; ``styled``: with a terminal's bold and colours."""
    return render(_report(report), width, styled)


def answer_text(report: Report, width: int = 80, styled: bool = False) -> str:
    """What ``report_text`` begins with: the answer alone."""
    return render((Text(line, style="bold") for line in answer_lines(report)), width, styled)


def _report(report: Report) -> Iterator[RenderableType]:
    for line in answer_lines(report):
        yield Text(line, style="bold")
    yield Text()
    several = len(report.processes) > 1
    for row, process in enumerate(report.processes):
        if row:
            yield Text()
        yield from _process(process, several, narrowed=report.selection is not None)


def _process(process: Process, several: bool, narrowed: bool) -> Iterator[RenderableType]:
    yield Text(_what_was_observed(process))
    if several:
        yield Text(process.sentence, style="bold")
    yield Text(_threads_at_once(process))
    for gil in process.gils:
        yield from map(Text, _gil_lines(gil, gil_name(process, gil), process.observed_s))
    if process.stalls == ():
        yield Text(f"Stalls: none; nobody waited longer than {format_seconds(process.stall_limit_s)} at a stretch")
    yield from map(Text, loop_lines(process))
    yield from map(Text, span_lines(process))
    tables = [
        thread_table(process),
        section_table(process),
        *span_tables(process),
        *function_tables(process),
        line_table(process),
        blame_table(process),
        thread_blame_table(process),
        stall_table(process),
        *worst_tables(process),
        *loop_tables(process),
    ]
    if narrowed:
        yield Text()
        yield Text("The tables are of the selected threads; the sentence and the lines above are of all.")
    for table in tables:
        if table.rows:
            yield Text()
            yield table
    yield Text()
    for line, style in health(process):
        yield Text(line, style=style)


def _what_was_observed(process: Process) -> str:
    command = printable(" ".join(process.command), 120)
    ended = f", ended: {process.ended}" if process.ended else ""
    parts = [f"{format_seconds(process.observed_s)} observed"]
    if process.unobserved_s:
        parts.append(f"{format_seconds(process.unobserved_s)} not")
    if process.stopped_s:
        parts.append(f"stopped for {format_seconds(process.stopped_s)} of that")
    return f"Process {process.pid}, Python {process.python}: {command}; {', '.join(parts)}{ended}"


def _threads_at_once(process: Process) -> str:
    """How many there were at a time, how many of them wanted a CPU, and how many had one."""
    python = [thread for thread in process.threads if thread.gil is not None]
    count = sum(max(thread.folded, 1) for thread in python)
    observed_s = process.observed_s or 1.0
    alive = sum(thread.alive_s for thread in python) / observed_s
    had = sum(thread.cpu_s for thread in python) / observed_s
    wanted = had + sum(thread.queued_s for thread in python) / observed_s
    released = sum(thread.seconds["released"] for thread in python) / observed_s
    threads = "1 thread" if process.native_threads == 1 else f"{process.native_threads} threads"
    native = f"; {threads} that Python does not know" if process.native_threads else ""
    in_all = f" ({count} in all)" if format_mean(alive) != format_mean(float(count)) else ""
    return (
        f"Threads: {format_mean(alive)} Python threads at a time{in_all}, {format_mean(wanted)} wanted a CPU and "
        f"{format_mean(had)} had one, {format_mean(released)} without GIL{native}"
    )


def _gil_lines(gil: Gil, name: str, observed_s: float) -> Iterator[str]:
    rate = format_rate(gil.switches / observed_s) if observed_s else "?"
    yield (
        f"{name}: held {format_share(gil.held)}, held while blocked {format_share(gil.held_blocked)}, "
        f"hand-over {format_share(gil.handover)}, torn {format_share(gil.torn)} of the time"
    )
    yield (
        f"{name}: waited for {format_share(gil.contended)} of the time, by {format_mean(gil.waiters_mean)} on average; "
        f"{gil.switches} switches ({rate})"
    )
