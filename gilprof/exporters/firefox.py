"""Firefox Profiler's processed format: a track a thread with its states, markers around the GIL, and how many wait.

``docs-developer/CHANGELOG-formats.md`` and ``src/types/profile.ts`` of the Firefox Profiler say what is what. Markers
have the names that CPython 3.15's ``Lib/profiling/sampling/gecko_collector.py`` gives them. Times are milliseconds
from the profile's first pass on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from gilprof import __version__
from gilprof.exporters.firefox_columns import HAS_GIL, WAITING_FOR_GIL, changes, marker_type, markers, samples
from gilprof.exporters.firefox_tables import CATEGORIES, Tables
from gilprof.exporters.joined import process_of, process_of_gil
from gilprof.exporters.narrowing import Narrowing
from gilprof.exporters.timeline import TimeOrdered
from gilprof.exporters.tracks import Track, tracks
from gilprof.report.build import Profiled
from gilprof.report.names import printable

FORMAT_VERSION = 63
"""Of the processed format; the Profiler itself brings older ones up to date."""
_GECKO_VERSION = 33
_SHOWN_AT_FIRST = 50
"""Without a list the Profiler hides threads that use little CPU, and those that wait use none."""


def export(profile: Profiled, narrowing: Narrowing, timeline: TimeOrdered) -> Iterator[str]:
    """The profile."""
    shown, tables = tracks(timeline, narrowing), Tables(profile)
    titles = {track.number: track.title for track in shown}
    yield '{"meta":' + json.dumps(_meta(profile, timeline, len(shown))) + ',"libs":[],"pages":[],"threads":['
    for number, track in enumerate(shown):
        yield "," if number else ""
        yield json.dumps(_about(track, profile, timeline))[:-1] + ',"samples":'
        yield from samples(track, timeline, tables)
        yield ',"markers":'
        yield from markers(track, timeline, tables, titles)
        yield "}"
    yield '],"counters":['
    for number, gil in enumerate(timeline.gils() if shown else ()):
        yield "," if number else ""
        yield from _waiters(profile, timeline, gil)
    yield '],"shared":' + json.dumps(tables.shared()) + "}\n"


def _meta(profile: Profiled, timeline: TimeOrdered, threads: int) -> dict[str, Any]:
    unix_ns, monotonic_ns = profile.info.wall_anchor
    visible = {"initialVisibleThreads": list(range(threads))} if threads <= _SHOWN_AT_FIRST else {}
    return {
        "interval": 1e3 / profile.info.asked_hz,
        "startTime": (unix_ns + timeline.first_ns - monotonic_ns) / 1e6,
        "profilingStartTime": 0,
        "profilingEndTime": _ms(timeline.last_ns - timeline.first_ns),
        "processType": 0,
        "categories": CATEGORIES,
        "product": printable(" ".join(profile.info.command), 120),
        "stackwalk": 0,
        "version": _GECKO_VERSION,
        "preprocessedProfileVersion": FORMAT_VERSION,
        "markerSchema": _marker_schema(),
        "sampleUnits": {"time": "ms", "eventDelay": "ms", "threadCPUDelta": "ns"},
        "importedFrom": f"gilprof {__version__}",
        "symbolicated": True,
        "sourceCodeIsNotOnSearchfox": True,
        "platform": "Linux",
        "abi": profile.info.machine,
        "misc": f"Python {profile.info.python}",
        **visible,
    }


def _marker_schema() -> list[dict[str, Any]]:
    places = ["marker-chart", "marker-table", "timeline-overview"]
    holder = {"key": "holder", "label": "Who had it", "format": "string"}
    return [
        {"name": marker_type(HAS_GIL), "display": places, "fields": []},
        {"name": marker_type(WAITING_FOR_GIL), "display": places, "fields": [holder]},
    ]


def _about(track: Track, profile: Profiled, timeline: TimeOrdered) -> dict[str, Any]:
    info = process_of(profile, track.number)
    begin_ns, end_ns = None, 0
    for block in track.slices():
        begin_ns, end_ns = begin_ns or int(block["start_ns"][0]), int(block["end_ns"][-1])
    return {
        "name": track.name,
        "isMainThread": track.tid == info.pid,
        "pid": str(info.pid),
        "tid": track.tid,
        "processType": "default",
        "processName": printable(" ".join(info.command), 120),
        "processStartupTime": 0,
        "processShutdownTime": None,
        "registerTime": _ms((begin_ns or timeline.first_ns) - timeline.first_ns),
        "unregisterTime": None if end_ns == timeline.last_of(track.number) else _ms(end_ns - timeline.first_ns),
        "pausedRanges": [],
        "showMarkersInTimeline": True,
    }


def _waiters(profile: Profiled, timeline: TimeOrdered, gil: int) -> Iterator[str]:
    """The counter of threads that wait for a GIL."""
    info, name = process_of_gil(profile, gil, timeline.gils())
    rows = [{"type": "value", "source": "accumulated", "format": {"unit": "number"}, "label": "waiting threads"}]
    about = {
        "name": f"{name} waiters",
        "category": "GIL",
        "description": f"Threads that wait for {'the ' if name == 'GIL' else ''}{name}",
        "pid": str(info.pid),
        "mainThreadIndex": 0,
        "display": {
            "graphType": "line-accumulated",
            "unit": "",
            "color": "red",
            "markerSchemaLocation": None,
            "sortWeight": 5,
            "label": f"{name} waiters",
            "tooltipRows": rows,
        },
    }
    yield json.dumps(about)[:-1] + ',"samples":'
    yield from changes(timeline, gil)
    yield "}"


def _ms(ns: int) -> float:
    return ns / 1e6
