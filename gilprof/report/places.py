"""Threads, functions and moments by the ids and seconds that rows of a report have, in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.cells import cell_len

from gilprof.report.model import Process, Victim
from gilprof.report.names import location, thread_name, threads_named
from gilprof.report.text_table import shortened

_GROUPED = re.compile(r"(?P<count>\d+ threads )\((?P<names>.*)\)")
LEAST_THREAD = 10
"""Columns that a thread's name keeps beside a place."""


class NamedPlaces:
    """Of one process."""

    def __init__(self, process: Process) -> None:
        self._threads = {thread.id: thread_name(thread.name) for thread in process.threads}
        self._functions = {function.id: function for function in process.functions}

    def thread(self, number: int) -> str:
        """The thread's name."""
        return self._threads.get(number, "?")

    def function(self, number: int | None, line: int | None) -> str:
        """``Parser.feed (ingest.py:88)``; None: many, folded together."""
        found = self._functions.get(number) if number is not None else None
        return location(found.name, found.file, line or found.line) if found else "(other functions)"

    def at(self, thread: int, function: int | None, line: int | None) -> str:
        """``worker-1: Parser.feed (ingest.py:88)``."""
        return f"{self.thread(thread)}: {self.function(function, line)}"

    def threads(self, victims: Sequence[Victim]) -> str:
        """Who waited; ``-``: nobody."""
        names = threads_named([self.thread(victim.thread) for victim in victims]) if victims else "-"
        return names.removeprefix("threads ").removeprefix("thread ")


def cut_at(text: str, width: int) -> str:
    """What ``NamedPlaces.at`` or ``threads`` has given, in at most ``width`` columns: the thread gets a third of them
    at most, and keeps its number; of the place the middle is left out; ``5 threads (ThreadPoo…-0_*)``."""
    grouped = _GROUPED.fullmatch(text)
    if grouped and len(grouped["count"]) + 2 + LEAST_THREAD <= width < cell_len(text):
        return f"{grouped['count']}({thread_name(grouped['names'], width - len(grouped['count']) - 2)})"
    thread, _, place = text.partition(": ")
    if not place or cell_len(text) <= width:
        return shortened(text, width)
    thread = thread_name(thread, max(width // 3, min(LEAST_THREAD, width)))
    return f"{thread}: {shortened(place, width - cell_len(thread) - 2)}" if cell_len(thread) + 4 < width else thread


def time_of_day(process: Process, start_s: float) -> str:
    """``09:00:00.120``, UTC, so many seconds after the process's ``started``."""
    if process.started is None:
        return "?"
    start = datetime.fromisoformat(process.started) + timedelta(seconds=start_s)
    return start.strftime("%H:%M:%S.%f")[:-3]
