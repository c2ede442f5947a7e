"""Every thread now: what it did in the last moments, where it stands, who has the GIL, who waits for whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from rich.console import RenderableType
from rich.text import Text

from gilprof import __version__
from gilprof.analysis.sums import kind_of, name_pattern
from gilprof.facts.passes import pass_numbers
from gilprof.model import NONE, STATE_NAMES, Batch, State
from gilprof.report.build import Profiled, build_process
from gilprof.report.model import BusyChild, Process, Thread
from gilprof.report.names import location, printable, thread_name
from gilprof.report.state_words import VERBS
from gilprof.report.text import render
from gilprof.units import format_seconds, format_share

SCHEMA = "gilprof.dump/1"
MATTERS = 0.005
"""Shares of a thread's time below this are not named in the text."""
WAITS_SHOWN = 5
"""Threads waited for that the text names; the others are counted."""
_FOR_CHILD = "child"
"""Beside the states: what of ``blocked`` is waiting for a child process."""
PATTERNS_SHOWN = 4
"""Kinds of names of threads with equal stacks that the text names."""
TIDS_SHOWN = 6
_IN_WORDS = {
    **{name: VERBS[state] for state, name in zip(State, STATE_NAMES, strict=True)},
    _FOR_CHILD: "waits for a child process",
}


class LastLooks:
    """Remembers the newest pass of the batches: who had a GIL, and each thread's stack."""

    def __init__(self) -> None:
        self.holders: frozenset[int] = frozenset()
        """Thread ids: at most one a GIL; none where nobody had it, or it could not be told who."""
        self.stacks: dict[int, int] = {}
        """Stack id by thread id."""

    def add(self, batch: Batch) -> None:
        """Take in the next batch."""
        filled = np.flatnonzero(batch.passes["look_count"])
        if len(filled) == 0:
            return
        number = pass_numbers(batch.passes)
        rows = number == number[filled[-1]]
        looks = batch.looks[np.repeat(rows, batch.passes["look_count"])]
        self.holders = frozenset(holder for holder in batch.passes["holder"][rows].tolist() if holder > NONE)
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
    for_child: float | None
    """Share of it in which it waited for a child process; a part of ``blocked``."""
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
    busy_child: BusyChild | None
    """As in a report: the child to look at instead."""
    holder: int | None
    """The thread that had the GIL at the last pass; of several GILs one of those that had one (``has_gil``)."""
    threads: tuple[DumpThread, ...]


def build_dump(profile: Profiled, last: LastLooks) -> Dump:
    """The dump of what ``profile`` has seen; threads that were gone at the last pass are left out."""
    process = build_process(profile)
    threads = [thread for thread in process.threads if thread.id in last.stacks]
    return Dump(
        schema=SCHEMA,
        gilprof=__version__,
        pid=process.pid,
        command=process.command,
        python=process.python,
        observed_s=process.observed_s,
        sentence=process.sentence,
        busy_child=process.busy_child,
        holder=min(last.holders, default=None),
        threads=tuple(_thread(thread, process, profile, last) for thread in threads),
    )


def dump_text(dump: Dump, width: int = 80, styled: bool = False) -> str:
    """``dump`` as text of ``width`` columns; ``styled``: with a terminal's bold and colours."""
    return render(_lines(dump), width, styled)


def _thread(thread: Thread, process: Process, profile: Profiled, last: LastLooks) -> DumpThread:
    shares: dict[str, float | None] = {
        name: thread.seconds[name] / thread.alive_s if thread.alive_s else None for name in STATE_NAMES
    }
    return DumpThread(
        id=thread.id,
        tid=thread.tid,
        name=thread.name,
        gil=thread.gil,
        has_gil=thread.id in last.holders,
        mostly=max(thread.seconds, key=thread.seconds.__getitem__),
        shares=shares,
        for_child=thread.for_child_s / thread.alive_s if thread.alive_s else None,
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
    if dump.busy_child is not None:
        yield Text(dump.busy_child.sentence)
    yield Text(f"{dump.sentence} (In the last {format_seconds(dump.observed_s)}.)")
    names = {thread.id: thread_name(thread.name) for thread in dump.threads}
    for group in _groups(dump.threads):
        yield Text()
        yield from _thread_lines(group, names)


def _groups(threads: Sequence[DumpThread]) -> list[list[DumpThread]]:
    """Threads with equal stacks that mostly did the same; who has the GIL is alone."""
    groups: defaultdict[object, list[DumpThread]] = defaultdict(list)
    for thread in threads:
        groups[thread.has_gil, thread.gil, thread.mostly, thread.stack].append(thread)
    return list(groups.values())


def _thread_lines(group: Sequence[DumpThread], names: dict[int, str]) -> Iterator[Text]:
    first, together = group[0], ", all together" if len(group) > 1 else ""
    now = ", has the GIL now" if first.has_gil else "" if first.gil is not None else ", not Python's"
    yield Text(f"{_who(group, names)}{now}", style="bold")
    did = [f"{_IN_WORDS[name]} {format_share(share)}" for name, share in _shares(group) if share >= MATTERS]
    each = "each on average " if len(group) > 1 else ""
    yield Text(f"  {each}{', '.join(did)} of its time" if did else "  was not seen for long enough")
    waits = _waits(group)
    for (holder, why), seconds in waits[:WAITS_SHOWN]:
        whom = f"({why})" if holder is None else names.get(holder, "a thread that has ended")
        yield Text(f"  waited {format_seconds(seconds)} for {whom}{together}")
    rest_s = sum(seconds for _, seconds in waits[WAITS_SHOWN:])
    if rest_s:
        yield Text(f"  waited {format_seconds(rest_s)} for {len(waits) - WAITS_SHOWN} others{together}")
    for frame in first.stack:
        yield Text(f"    {location(frame.name, frame.file, frame.line)}")
    if not first.stack and first.gil is not None:
        yield Text("    (no Python frame)")


def _who(group: Sequence[DumpThread], names: dict[int, str]) -> str:
    """``feeder (tid 5001)``; ``300 threads (worker-*), tids 5001, 5002 and 298 more``."""
    if len(group) == 1:
        return f"{names[group[0].id]} (tid {group[0].tid})"
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for thread in group:
        kinds[kind_of(thread.name)].append(thread.name)
    patterns = sorted(
        ((printable(name_pattern(members) or kind, 40), len(members)) for kind, members in kinds.items()),
        key=lambda each: -each[1],
    )
    each = [pattern if count == len(group) else f"{pattern} ×{count}" for pattern, count in patterns[:PATTERNS_SHOWN]]
    if len(patterns) > PATTERNS_SHOWN:
        each.append(f"{len(patterns) - PATTERNS_SHOWN} more kinds")
    tids = ", ".join(str(thread.tid) for thread in group[:TIDS_SHOWN])
    more = f" and {len(group) - TIDS_SHOWN} more" if len(group) > TIDS_SHOWN else ""
    return f"{len(group)} threads ({', '.join(each)}), tids {tids}{more}"


def _shares(group: Sequence[DumpThread]) -> list[tuple[str, float]]:
    """What they did, the most first, as means of their shares."""
    shares = {name: fmean(thread.shares[name] or 0.0 for thread in group) for name in STATE_NAMES}
    shares[_FOR_CHILD] = fmean(thread.for_child or 0.0 for thread in group)
    shares["blocked"] -= shares[_FOR_CHILD]
    return sorted(shares.items(), key=lambda item: -item[1])


def _waits(group: Sequence[DumpThread]) -> list[tuple[tuple[int | None, str | None], float]]:
    """Whom they waited for, and how long in all, the longest first."""
    waits: defaultdict[tuple[int | None, str | None], float] = defaultdict(float)
    for thread in group:
        for wait in thread.waits_for:
            waits[wait.holder, wait.why] += wait.seconds
    return sorted(waits.items(), key=lambda item: -item[1])
