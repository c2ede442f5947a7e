"""A timeline: the flame graph's page with a heatmap of waiters, and threads over time by state, above it.

A stretch of time chosen in either gives the flame graph, its blame view and tables of just that time. What is said
there of names and of the content security policy holds here: scripts and styles of ``timeline_parts/`` are allowed by
their hash too.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

import numpy as np

from gilprof.analysis.sums import HANDOVER, TORN
from gilprof.exporters import flamegraph
from gilprof.exporters.deep_stacks import cut_deep
from gilprof.exporters.narrowing import Narrowing
from gilprof.exporters.page_parts import embedded, part, policy_hash
from gilprof.exporters.pairs import OTHERS
from gilprof.exporters.stack_times import StackTimes, stack_times
from gilprof.exporters.timeline import Timeline
from gilprof.exporters.timeline_runs import Keys, Passes, listed_tracks, run_columns
from gilprof.exporters.timeline_words import summary, worst_rows, worst_table
from gilprof.model import NONE, STATE_NAMES
from gilprof.report.build import Profiled, build_report

SCRIPTS = ("columns.js", "recording.js", "cells.js", "heat.js", "lane_chart.js", "lanes.js", "tables.js", "timeline.js")
_STYLE_HASH, _SCRIPT_HASH = "style-src '", "script-src '"


def export(profile: Profiled, narrowing: Narrowing, timeline: Timeline) -> Iterator[str]:
    """The page."""
    style, script = part("timeline_parts", "style.css"), part("timeline_parts", *SCRIPTS)
    process = build_report(profile).processes[0]
    data = _data(profile, narrowing, timeline)
    data["worst"] = worst_rows(process, data["tracks"])
    section = part("timeline_parts", "section.html").replace("{{worst}}", worst_table(process))
    section = section.replace("{{summary}}", escape(summary(timeline, process, data["cut_ns"])))
    data_block = f'<script type="application/json" id="timeline-data">{embedded(data)}</script>'
    page = "".join(flamegraph.export(profile, narrowing))
    # Names stand in the page without a <, and behind the policy: each of these is found in its own place first.
    for place, with_ours in (
        (_STYLE_HASH, f"{_STYLE_HASH}{policy_hash(style)}' '"),
        (_SCRIPT_HASH, f"{_SCRIPT_HASH}{policy_hash(script)}' '"),
        ("</style>\n", f"</style>\n<style>{style}</style>\n"),
        ("<main>\n", f"<main>\n{section}"),
        ("</body>\n", f"{data_block}\n<script>{script}</script>\n</body>\n"),
    ):
        page = page.replace(place, with_ours, 1)
    yield page


def _data(profile: Profiled, narrowing: Narrowing, timeline: Timeline) -> dict[str, Any]:
    """What the scripts read besides the flame graph's data, whose rows of time it refers to."""
    times = cut_deep(stack_times(profile, narrowing, with_pairs=True))
    passes, keys = Passes.of(timeline), Keys(profile.sums(), times)
    shown = []
    for track, listed in listed_tracks(timeline, narrowing):
        runs = run_columns(track, passes, keys)
        shown.append({"id": track.number, "name": track.name, "title": track.title, "listed": listed, **runs})
    return {
        "states": STATE_NAMES,
        "passes": passes.columns(),
        "keys": keys.columns(),
        "tracks": shown,
        "nobody": _rows_of_nobody(times),
        "cut_ns": None if passes.all_of_them else int(passes.t_ns[-1] - passes.t_ns[0]),
        "duration_ns": timeline.last_ns - timeline.first_ns,
    }


def _rows_of_nobody(times: StackTimes) -> dict[str, int]:
    """The rows of time that ``page_data`` adds for holders that are no thread's; ``NONE`` where they are not needed."""
    holders = [] if times.pairs is None else sorted({int(row) for row in np.unique(times.pairs.holder) if row < 0})
    rows = {holder: len(times.stack) + number for number, holder in enumerate(reversed(holders))}
    return {name: rows.get(holder, NONE) for name, holder in (("free", HANDOVER), ("torn", TORN), ("others", OTHERS))}
