"""Every thread now: what it did in the last moments, where it stands, who has the GIL, who waits for whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from rich.console import RenderableType
from rich.text import Text

from gilprof.model import NONE, STATE_NAMES, Batch
from gilprof.report.build import Profiled, build_report
from gilprof.report.model import Process, Report, Thread
from gilprof.report.names import location, printable
from gilprof.report.text import render
from gilprof.units import format_seconds, format_share

SCHEMA = "gilprof.dump/1"
MATTERS = 0.005
"""Shares of a thread's time below this are not named in the text."""
WAITS_SHOWN = 5
"""Threads waited for that the text names; the others are counted."""
_IN_WORDS = {
    "held": "has the GIL",
    "held_blocked": "has the GIL and is blocked",
    "waiting": "waits for the GIL",
    "released": "runs without the GIL",
    "blocked": "is blocked",
    "unknown": "unknown",
}


class LastLooks:
    """Remembers the newest pass of the batches: who had the GIL, and each thread's stack."""

    def __init__(self) -> None:
        self.holder = NONE
        """Thread id; negative: nobody, or it could not be told."""
        self.stacks: dict[int, int] = {}
        """Stack id by thread id."""

    def add(self, batch: Batch) -> None:
        """Take in the next batch."""
        filled = np.flatnonzero(batch.passes["look_count"])
        if len(filled) == 0:
            return
        ends = np.cumsum(batch.passes["look_count"], dtype=np.int64)
        row = filled[-1]
        looks = batch.looks[ends[row] - batch.passes["look_count"][row] : ends[row]]
        self.holder = int(batch.passes["holder"][row])
        self.stacks = dict(zip(looks["thread"].tolist(), looks["stack"].tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class DumpFrame:
    """A frame: the function, and the line that it was at."""

    name: str
    file: str
    function_line: int | None
    line: int | None


@dataclass(frozen=True, slots=True)
class DumpWait:
    """Waiting in the last moments; ``holder`` is a thread's id, or None and ``why``."""

    holder: int | None
    why: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class DumpThread:
    """A thread that was alive at the last pass."""

    id: int
    tid: int | None
    name: str
    gil: int | None
    has_gil: bool
    mostly: str
    """The state that it was in for the most time."""
    shares: dict[str, float | None]
    """Of the thread's own time, by state; None without any."""
    waits_for: tuple[DumpWait, ...]
    stack: tuple[DumpFrame, ...]
    """Innermost first, as of the last look."""


@dataclass(frozen=True, slots=True)
class Dump:
    """All threads of a process that were alive at the last pass."""

    schema: str
    gilprof: str
    pid: int
    command: tuple[str, ...]
    python: str
    observed_s: float
    sentence: str
    holder: int | None
    """The thread that had the GIL at the last pass."""
    threads: tuple[DumpThread, ...]


def build_dump(profile: Profiled, last: LastLooks) -> Dump:
    """The dump of what ``profile`` has seen; threads that were gone at the last pass are left out."""
    report = build_report(profile)
    process = report.processes[0]
    threads = [thread for thread in process.threads if thread.id in last.stacks]
    return Dump(
        schema=SCHEMA,
        gilprof=report.gilprof,
        pid=process.pid,
        command=process.command,
        python=process.python,
        observed_s=process.observed_s,
        sentence=report.sentence,
        holder=last.holder if last.holder >= 0 else None,
        threads=tuple(_thread(thread, report, profile, last) for thread in threads),
    )


def dump_text(dump: Dump, width: int = 80, styled: bool = False) -> str:
    """``dump`` as text of ``width`` columns; ``styled``: with a terminal's bold and colours."""
    return render(_lines(dump), width, styled)


def _thread(thread: Thread, report: Report, profile: Profiled, last: LastLooks) -> DumpThread:
    process: Process = report.processes[0]
    shares: dict[str, float | None] = {
        name: thread.seconds[name] / thread.alive_s if thread.alive_s else None for name in STATE_NAMES
    }
    return DumpThread(
        id=thread.id,
        tid=thread.tid,
        name=thread.name,
        gil=thread.gil,
        has_gil=thread.id == last.holder,
        mostly=max(thread.seconds, key=thread.seconds.__getitem__),
        shares=shares,
        waits_for=tuple(
            DumpWait(row.holder, row.why, row.seconds) for row in process.blame.threads if row.waiter == thread.id
        ),
        stack=tuple(_frames(profile, last.stacks[thread.id])),
    )


def _frames(profile: Profiled, stack: int) -> Iterator[DumpFrame]:
    functions = profile.definitions.functions
    for number, line in profile.definitions.walk(stack):
        function = functions[number]
        first_line = function.first_line if function.first_line >= 0 else None
        yield DumpFrame(function.name, function.file, first_line, line or None)


def _lines(dump: Dump) -> Iterator[RenderableType]:
    command = printable(" ".join(dump.command), 120)
    yield Text(f"Process {dump.pid}, Python {dump.python}: {command}", style="bold")
    yield Text(f"{dump.sentence} (In the last {format_seconds(dump.observed_s)}.)")
    names = {thread.id: printable(thread.name, 60) for thread in dump.threads}
    for thread in dump.threads:
        yield Text()
        yield from _thread_lines(thread, names)


def _thread_lines(thread: DumpThread, names: dict[int, str]) -> Iterator[Text]:
    now = ", has the GIL now" if thread.has_gil else "" if thread.gil is not None else ", not Python's"
    yield Text(f"{names[thread.id]} (tid {thread.tid}){now}", style="bold")
    did = [
        f"{_IN_WORDS[name]} {format_share(share)}"
        for name, share in sorted(thread.shares.items(), key=lambda item: -(item[1] or 0.0))
        if (share or 0.0) >= MATTERS
    ]
    yield Text(f"  {', '.join(did)} of its time" if did else "  was not seen for long enough")
    for wait in thread.waits_for[:WAITS_SHOWN]:
        whom = f"({wait.why})" if wait.holder is None else names.get(wait.holder, "a thread that has ended")
        yield Text(f"  waited {format_seconds(wait.seconds)} for {whom}")
    rest_s = sum(wait.seconds for wait in thread.waits_for[WAITS_SHOWN:])
    if rest_s:
        yield Text(f"  waited {format_seconds(rest_s)} for {len(thread.waits_for) - WAITS_SHOWN} others")
    for frame in thread.stack:
        yield Text(f"    {location(frame.name, frame.file, frame.line)}")
    if not thread.stack and thread.gil is not None:
        yield Text("    (no Python frame)")
