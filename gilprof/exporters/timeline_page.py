"""A timeline: the flame graph's page with a heatmap of waiters, and threads over time by state, above it.

A stretch of time chosen in either gives the flame graph, its blame view and tables of just that time. Names reach the
page as they reach that of ``flamegraph``.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

import numpy as np

from gilprof.analysis.sums import HANDOVER, TORN
from gilprof.exporters.deep_stacks import cut_deep
from gilprof.exporters.flamegraph import flame_page
from gilprof.exporters.narrowing import Narrowing
from gilprof.exporters.page_parts import Piece, filled, part
from gilprof.exporters.pairs import OTHERS
from gilprof.exporters.stack_times import StackTimes, stack_times
from gilprof.exporters.timeline import Timeline
from gilprof.exporters.timeline_columns import column
from gilprof.exporters.timeline_runs import Keys, Passes, listed_tracks, run_columns
from gilprof.exporters.timeline_words import summary, worst_rows, worst_table
from gilprof.exporters.tracks import Track
from gilprof.model import NONE, STATE_NAMES
from gilprof.report.build import Profiled, build_process
from gilprof.report.names import thread_name

SHORT = 22
"""Characters of a thread's name that its lane has room for."""
SCRIPTS = ("columns.js", "recording.js", "cells.js", "heat.js", "lane_chart.js", "lanes.js", "tables.js", "timeline.js")


def export(profile: Profiled, narrowing: Narrowing, timeline: Timeline) -> Iterator[str]:
    """The page."""
    process = build_process(profile)
    data = _data(profile, narrowing, timeline)
    data["worst"] = worst_rows(process, data["tracks"])
    words = {"summary": escape(summary(timeline, process, data["cut_ns"])), "worst": worst_table(process)}
    section = filled(part("timeline_parts", "section.html"), words)
    style, script = part("timeline_parts", "style.css"), part("timeline_parts", *SCRIPTS)
    yield flame_page(profile, narrowing, above=[Piece(section, style, script, "timeline-data", data)])


def _data(profile: Profiled, narrowing: Narrowing, timeline: Timeline) -> dict[str, Any]:
    """What the scripts read besides the flame graph's data, whose rows of time it refers to."""
    times = cut_deep(stack_times(profile, narrowing, with_pairs=True))
    gils = timeline.gils() or sorted(profile.definitions.domains)
    passes, keys = Passes.of(timeline, gils), Keys(profile.sums(), times)
    shown = []
    for track, listed in listed_tracks(timeline, narrowing):
        names = {"name": track.name, "title": track.title, "short": _short(track)}
        gil = gils.index(timeline.gil_of[track.number]) if timeline.gil_of.get(track.number) in gils else None
        shown.append({"id": track.number, **names, "gil": gil, "listed": listed, **run_columns(track, passes, keys)})
    return {
        "states": STATE_NAMES,
        "passes": passes.columns(),
        "gils": [{"id": number, "has": column(has)} for number, has in passes.gils.items()],
        "keys": keys.columns(),
        "tracks": shown,
        "nobody": _rows_of_nobody(times),
        "cut_ns": None if passes.all_of_them else int(passes.t_ns[-1] - passes.t_ns[0]),
        "duration_ns": timeline.last_ns - timeline.first_ns,
    }


def _short(track: Track) -> str:
    return track.title if len(track.title) <= SHORT else thread_name(track.name, SHORT)


def _rows_of_nobody(times: StackTimes) -> dict[str, int]:
    """The rows of time that ``page_data`` adds for holders that are no thread's; ``NONE`` where they are not needed."""
    holders = [] if times.pairs is None else sorted({int(row) for row in np.unique(times.pairs.holder) if row < 0})
    rows = {holder: len(times.stack) + number for number, holder in enumerate(reversed(holders))}
    return {name: rows.get(holder, NONE) for name, holder in (("free", HANDOVER), ("torn", TORN), ("others", OTHERS))}
