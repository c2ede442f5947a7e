"""Threads, functions and moments by the ids and seconds that rows of a report have, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from gilprof.report.model import Process, Victim
from gilprof.report.names import location, printable, threads_named


class NamedPlaces:
    """Of one process."""

    def __init__(self, process: Process) -> None:
        self._threads = {thread.id: printable(thread.name, 60) for thread in process.threads}
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


def time_of_day(process: Process, start_s: float) -> str:
    """``09:00:00.120``, UTC, so many seconds after the process's ``started``."""
    if process.started is None:
        return "?"
    start = datetime.fromisoformat(process.started) + timedelta(seconds=start_s)
    return start.strftime("%H:%M:%S.%f")[:-3]
