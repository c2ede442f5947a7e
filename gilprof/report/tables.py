"""The tables of the text report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from gilprof.report.gils import waiters_mean
from gilprof.report.model import BlameRow, Function, Process, Seconds, Thread
from gilprof.report.names import location, printable, thread_name
from gilprof.report.text_table import TextTable, shortened
from gilprof.units import format_seconds, format_share

ROWS = 20
"""Rows that a table shows."""
PAIR_ROWS = 10
BLOCKED_SHOWN = 0.05
"""Of a function's time with the GIL: where it is blocked for more of it, a table has a column for that."""
BLOCKED_OF_S = 0.1
"""A function with less time with the GIL than this is taken to have so much."""


def thread_table(process: Process) -> TextTable:
    """Threads, those that wait and are blamed most first; shares of each one's own time."""
    return TextTable(
        "Threads: shares of each one's own time; blamed: others' waiting for it",
        ["thread"],
        ["held", "held\nblocked", "waiting", "without\nthe GIL", "blocked", "un-\nknown", "CPU", "blamed"],
        [_thread_row(thread) for thread in sorted(process.threads, key=_harm, reverse=True)],
        ROWS,
        cut=thread_name,
    )


def section_table(process: Process) -> TextTable:
    """Stretches that the program named; shares of the time in them."""
    return TextTable(
        "Sections, named by the program: shares of the time in them",
        ["section"],
        ["times", "length", "held", "held\nblocked", "waiting", "without\nthe GIL", "blocked", "un-\nknown"],
        [
            [printable(section.name, 60), str(section.count), _seconds(section.wall_s), *_shares(section.seconds)]
            for section in process.sections
        ],
        ROWS,
    )


def function_tables(process: Process) -> Iterable[TextTable]:
    """Own functions with what goes on under them, then the others with what they do themselves."""
    blamed: defaultdict[int | None, float] = defaultdict(float)
    for row in process.blame.own:
        blamed[row.holder] += row.seconds
    own = [function for function in process.functions if function.own]
    own.sort(key=lambda f: (blamed[f.id], _held(f.total), f.total["waiting"] + f.total["released"]), reverse=True)
    held = _HeldCells(f.total for f in own[:ROWS])
    yield TextTable(
        "Own functions: anywhere on the stack; blamed: as the innermost of them",
        ["function"],
        [*held.headings, "waiting", "no GIL", "blocked", "blamed"],
        [[_function(f), *held.of(f.total), *_without(f.total), _seconds(blamed[f.id])] for f in own],
        ROWS,
    )
    others = [f for f in process.functions if not f.own and (any(f.self.values()) or f.blamed_s)]
    others.sort(key=lambda f: (_held(f.self) + f.blamed_s, f.self["waiting"] + f.self["released"]), reverse=True)
    held = _HeldCells(f.self for f in others[:ROWS])
    yield TextTable(
        "Other functions: on top of the stack; overdue: held after somebody had asked",
        ["function"],
        [*held.headings, "waiting", "no GIL", "blocked", "overdue", "blamed"],
        [
            [_function(f), *held.of(f.self), *_without(f.self), _seconds(f.overdue_s), _seconds(f.blamed_s)]
            for f in others
        ],
        ROWS,
    )


def line_table(process: Process) -> TextTable:
    """Lines on top of the stack, those that hold and are blamed most first."""
    lines = [
        (location(function.name, function.file, line.line), line)
        for function in process.functions
        for line in function.lines
        if line.line is not None and _held(line.self) + line.blamed_s > 0
    ]
    lines.sort(key=lambda row: _held(row[1].self) + row[1].blamed_s, reverse=True)
    held = _HeldCells(at.self for _, at in lines[:ROWS])
    return TextTable(
        "Lines: on top of the stack",
        ["line"],
        [*held.headings, "waiting", "overdue", "blamed"],
        [
            [name, *held.of(at.self), *map(_seconds, (at.self["waiting"], at.overdue_s, at.blamed_s))]
            for name, at in lines
        ],
        ROWS,
    )


def blame_table(process: Process) -> TextTable:
    """Which own function waited for which, and why."""
    functions = {function.id: function for function in process.functions}

    def at(row: int, line: int | None) -> str:
        function = functions[row]
        return location(function.name, function.file, line or function.line)

    return _pairs(
        "own functions",
        process,
        process.blame.own,
        lambda row: at(row.waiter, row.waiter_line),
        lambda row: f"({row.why})" if row.holder is None else at(row.holder, row.holder_line),
    )


def thread_blame_table(process: Process) -> TextTable:
    """Which thread waited for which."""
    names = {thread.id: thread_name(thread.name) for thread in process.threads}
    return _pairs(
        "threads",
        process,
        process.blame.threads,
        lambda row: names[row.waiter],
        lambda row: f"({row.why})" if row.holder is None else names[row.holder],
        cut=thread_name,
    )


def _pairs(
    what: str,
    process: Process,
    rows: Sequence[BlameRow],
    waiter: Callable[[BlameRow], str],
    holder: Callable[[BlameRow], str],
    cut: Callable[[str, int], str] = shortened,
) -> TextTable:
    everything = waiters_mean(process) * process.observed_s
    return TextTable(
        f"Who waits for whom, {what}: shares of all waiting, overdue of this",
        ["waiter", "for"],
        ["waiting", "share", "mostly", "overdue"],
        [[waiter(row), holder(row), *_wait(row, everything)] for row in rows],
        PAIR_ROWS,
        cut,
    )


def _wait(row: BlameRow, everything_s: float) -> list[str]:
    return [
        _seconds(row.seconds),
        format_share(row.seconds / everything_s),
        max(row.waiting, key=row.waiting.__getitem__),
        format_share(row.overdue_s / row.seconds),
    ]


def _thread_row(thread: Thread) -> list[str]:
    name = thread_name(thread.name)
    if thread.folded:
        name = f"{name} ×{thread.folded}"
    if thread.gil is None:
        name = f"native: {name}"
    return [name, *_shares(thread.seconds), format_share(thread.cpu_s / thread.alive_s), _seconds(thread.blamed_s)]


def _shares(seconds: Seconds) -> list[str]:
    whole = sum(seconds.values())
    return [format_share(part / whole if whole else None) for part in seconds.values()]


def _function(function: Function) -> str:
    return location(function.name, function.file, function.line)


class _HeldCells:
    """The time with the GIL; beside it what of it the thread was blocked for, in tables where there is enough of it."""

    def __init__(self, rows: Iterable[Seconds]) -> None:
        self._with_blocked = any(row["held_blocked"] >= BLOCKED_SHOWN * max(_held(row), BLOCKED_OF_S) for row in rows)

    @property
    def headings(self) -> list[str]:
        return ["held", *(["of it\nblocked"] if self._with_blocked else [])]

    def of(self, seconds: Seconds) -> list[str]:
        return [_seconds(_held(seconds)), *([_seconds(seconds["held_blocked"])] if self._with_blocked else [])]


def _without(seconds: Seconds) -> list[str]:
    return [_seconds(seconds[name]) for name in ("waiting", "released", "blocked")]


def _seconds(seconds: float) -> str:
    return format_seconds(seconds) if seconds else "-"


def _held(seconds: Seconds) -> float:
    return seconds["held"] + seconds["held_blocked"]


def _harm(thread: Thread) -> tuple[float, float]:
    return thread.seconds["waiting"] + thread.blamed_s, thread.alive_s - thread.seconds["blocked"]
