"""Trace events as JSON, for Perfetto and chrome://tracing: what each thread did when, and what waited for whom.

The format is Google's "Trace Event Format": complete events (X), counters (C), flows (s, f), metadata (M); times
are microseconds, here from the profile's first pass on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gilprof import __version__
from gilprof.exporters.joined import process_of, process_of_gil, processes_of
from gilprof.exporters.narrowing import Narrowing
from gilprof.exporters.stack_table import StackTable
from gilprof.exporters.timeline import FREE, TimeOrdered, state_runs
from gilprof.exporters.tracks import Track, tracks
from gilprof.model import STATE_NAMES, State
from gilprof.report.build import Profiled
from gilprof.report.names import NO_FRAME, base_name, printable

LONG_WAIT_NS = 20_000_000
"""Waits from here on have an arrow from the thread that had the GIL: four turns of CPython's switch interval."""
_COLOURS = {
    State.HELD: "thread_state_running",
    State.HELD_BLOCKED: "terrible",
    State.WAITING: "bad",
    State.RELEASED: "good",
    State.BLOCKED: "thread_state_sleeping",
    State.UNKNOWN: "generic_work",
}
"""Of chrome://tracing's reserved names; Perfetto has colours of its own."""
Event = dict[str, Any]


def export(profile: Profiled, narrowing: Narrowing, timeline: TimeOrdered) -> Iterator[str]:
    """The trace."""
    shown = tracks(timeline, narrowing)
    pids = {track.number: process_of(profile, track.number).pid for track in shown}
    head = {"displayTimeUnit": "ms", "otherData": {"exporter": f"gilprof@{__version__}"}}
    yield json.dumps(head)[:-1] + ',"traceEvents":[\n'
    yield ",\n".join(json.dumps(event) for event in _names(profile, shown))
    functions = _Functions(profile)
    for track in shown:
        place = f'"pid":{pids[track.number]},"tid":{track.tid}'
        for events in (_states(track, timeline, place), functions.events(track, timeline, place)):
            yield from (",\n" + event for event in events)
    if {State.HELD, State.HELD_BLOCKED} <= set(narrowing.states):
        yield from (",\n" + json.dumps(event) for event in _flows(shown, timeline, pids))
    for gil in timeline.gils():
        info, name = process_of_gil(profile, gil, timeline.gils())
        yield from (",\n" + json.dumps(event) for event in _counters(timeline, gil, name, info.pid))
    yield "\n]}\n"


def _names(profile: Profiled, shown: list[Track]) -> Iterator[Event]:
    for process in processes_of(profile).values():
        command = printable(" ".join(process.info.command), 120)
        yield {"ph": "M", "name": "process_name", "pid": process.info.pid, "tid": 0, "args": {"name": command}}
    for order, track in enumerate(shown):
        place = {"ph": "M", "pid": process_of(profile, track.number).pid, "tid": track.tid}
        yield {**place, "name": "thread_name", "args": {"name": track.name}}
        yield {**place, "name": "thread_sort_index", "args": {"sort_index": order}}


def _states(track: Track, timeline: TimeOrdered, place: str) -> Iterator[str]:
    """A slice a run of one state."""
    texts = [f'{{"ph":"X","cat":"state","name":"{STATE_NAMES[s]}","cname":"{_COLOURS[s]}",{place}' for s in State]
    for runs in state_runs(track.slices()):
        begin, length = (runs["start_ns"] - timeline.first_ns) / 1000, (runs["end_ns"] - runs["start_ns"]) / 1000
        for state, ts, dur in zip(runs["state"].tolist(), begin.tolist(), length.tolist(), strict=True):
            yield f'{texts[state]},"ts":{ts},"dur":{dur}}}'


class _Functions:
    """Slices inside those of states, for the function on top of the stack and its line."""

    def __init__(self, profile: Profiled) -> None:
        self._table = StackTable(profile)
        self._texts: dict[int, str] = {}

    def events(self, track: Track, timeline: TimeOrdered, place: str) -> Iterator[str]:
        """Of one thread; nothing without a Python frame."""
        for block in track.slices():
            begin = (block["start_ns"] - timeline.first_ns) / 1000
            length = (block["end_ns"] - block["start_ns"]) / 1000
            rows = self._table.rows(block["stack"], block["gc"])
            for row, ts, dur in zip(rows.tolist(), begin.tolist(), length.tolist(), strict=True):
                text = self._texts.get(row)
                if text is None:
                    text = self._texts[row] = self._text(row)
                if text:
                    yield f'{{"ph":"X","cat":"python",{text},{place},"ts":{ts},"dur":{dur}}}'

    def _text(self, row: int) -> str:
        function, line = self._table.top(row)
        name, file, _ = self._table.functions[function]
        if name == NO_FRAME and file is None:
            return ""
        args: dict[str, str] = {}
        if file is not None:
            args["file"] = printable(f"{file}:{line}" if line > 0 else file, 1000)
            args["caller"] = self._caller(row)
        return f'"name":{json.dumps(printable(name))},"args":{json.dumps(args)}'

    def _caller(self, row: int) -> str:
        frames = self._table.frames(row)
        if len(frames) < 2:
            return ""
        function, line = frames[-2]
        name, file, _ = self._table.functions[function]
        return printable(f"{name} ({base_name(file)}:{line})" if file is not None else name)


def _flows(shown: list[Track], timeline: TimeOrdered, pids: Mapping[int, int]) -> Iterator[Event]:
    """Arrows into long waits, from the slice of the thread that had the GIL last before they ended."""
    tids = {track.number: track.tid for track in shown}
    number = 0
    for track in shown:
        for runs in state_runs(track.slices()):
            long = (runs["state"] == State.WAITING) & (runs["end_ns"] - runs["start_ns"] >= LONG_WAIT_NS)
            for run in runs[long & np.isin(runs["blocker"], list(tids))]:
                number += 1
                flow = {"cat": "wait", "name": "waits for the GIL", "id": number, "pid": pids[track.number]}
                # A nanosecond before the end, so as to be inside the slice.
                left, reached = (
                    (int(run[end]) - 1 - timeline.first_ns) / 1000 for end in ("blocked_until_ns", "end_ns")
                )
                yield {"ph": "s", **flow, "tid": tids[int(run["blocker"])], "ts": left}
                yield {"ph": "f", "bp": "e", **flow, "tid": track.tid, "ts": reached}


def _counters(timeline: TimeOrdered, gil: int, name: str, pid: int) -> Iterator[Event]:
    """How many wait, and what the GIL's holder does, whenever that changes; 0 while nothing is observed. ``name``: what
    the GIL is called."""
    last_waiters, last_holder = -1, -1
    at_ns = timeline.first_ns
    for start_ns, end_ns, waiters, holder in _gil_runs(timeline, gil):
        stretches = [(start_ns, waiters, holder)]
        if start_ns > at_ns:
            stretches.insert(0, (at_ns, 0, FREE))
        at_ns = end_ns
        for begin_ns, waiting, held in stretches:
            counter = {"ph": "C", "pid": pid, "tid": 0, "ts": (begin_ns - timeline.first_ns) / 1000}
            if waiting != last_waiters:
                yield {**counter, "name": f"waiters{name.removeprefix('GIL')}", "args": {"threads": waiting}}
            if held != last_holder:
                states = (State.HELD, State.HELD_BLOCKED, State.UNKNOWN)
                doing = {STATE_NAMES[state]: int(held == state) for state in states}
                yield {**counter, "name": name, "args": doing}
            last_waiters, last_holder = waiting, held


def _gil_runs(timeline: TimeOrdered, gil: int) -> Iterator[tuple[int, int, int, int]]:
    for block in timeline.gil(gil):
        names = ("start_ns", "end_ns", "waiters", "holder_state")
        yield from zip(*(block[name].tolist() for name in names), strict=True)
