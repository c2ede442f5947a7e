"""A flame graph by state: one HTML page that needs nothing else, and asks for nothing over a network.

Names from the target reach the page in two ways only: as JSON in a block that browsers do not run, put on the
screen as text by the scripts in ``page/``, and as escaped text in the tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape

from gilprof.errors import FileError
from gilprof.exporters.deep_stacks import cut_deep
from gilprof.exporters.difference import difference
from gilprof.exporters.narrowing import Narrowing
from gilprof.exporters.page_data import page_data
from gilprof.exporters.page_parts import Piece, assembled, part
from gilprof.exporters.page_tables import page_tables
from gilprof.exporters.stack_times import stack_times
from gilprof.model import State
from gilprof.report.build import Profiled, build_process
from gilprof.report.model import Process
from gilprof.report.names import printable
from gilprof.report.state_words import ORDER, WORDS
from gilprof.units import format_seconds, format_share

SCRIPTS = (
    "text.js", "tree.js", "call_tree.js", "inverted_tree.js", "view.js", "difference.js", "blame.js", "search.js",
    "paint.js", "chart.js", "describe.js", "function_table.js", "legend.js", "chooser.js", "keyboard.js", "page.js",
)  # fmt: skip


def export(profile: Profiled, narrowing: Narrowing, baseline: Profiled | None = None) -> Iterator[str]:
    """The page; with a ``baseline``, of what is other than in it. Raises FileError for a baseline without time."""
    yield flame_page(profile, narrowing, baseline)


def flame_page(
    profile: Profiled, narrowing: Narrowing, baseline: Profiled | None = None, above: Sequence[Piece] = ()
) -> str:
    """The page, with these pieces above the flame graph. Raises FileError for a baseline without time."""
    states = [state for state in ORDER if state in narrowing.states]
    process = build_process(profile)
    about = _about(process, narrowing)
    if baseline is None:
        compared = None
        times = cut_deep(stack_times(profile, narrowing, with_pairs=True))
    else:
        before = build_process(baseline)
        if not before.observed_s:
            raise FileError("comparing with the baseline", "no time was observed in it", "give another recording")
        new, old = (cut_deep(stack_times(one, narrowing, distinct_threads=False)) for one in (profile, baseline))
        compared = difference(new, old, profile, baseline)
        times = compared.times
        about += f"\nBefore: {before.sentence}\n{_about(before)}"
    texts = {
        "title": escape(f"gilprof: {printable(' '.join(process.command), 60)} ({process.pid})"),
        "sentence": escape(process.sentence),
        "about": "".join(f'<p class="about">{escape(line)}</p>' for line in about.splitlines()),
        "tables": page_tables(times, states, None if compared is None else compared.before_ns),
    }
    data = page_data(times, states, compared)
    graph = Piece("", part("page", "style.css"), part("page", *SCRIPTS), "data", data)
    return assembled(texts, [graph, *above])


def _about(process: Process, narrowing: Narrowing | None = None) -> str:
    command = printable(" ".join(process.command), 120)
    parts = [f"Process {process.pid}, Python {process.python}: {command}"]
    if process.started is not None:
        parts.append(f"{format_seconds(process.observed_s)} observed from {_shortened(process.started)}")
    parts.append(f"{process.sampling.passes} passes, {format_share(process.sampling.unknown)} unknown")
    if narrowing is None:
        return " · ".join(parts)
    only = []
    if len(narrowing.states) < len(State):
        only.append(", ".join(WORDS[state] for state in ORDER if state in narrowing.states))
    if narrowing.thread is not None:
        only.append(f"threads named {printable(narrowing.thread, 60)}")
    if only:
        parts.append(f"below: only {' of '.join(only)}; the sentence is about all")
    return " · ".join(parts)


def _shortened(started: str) -> str:
    return datetime.fromisoformat(started).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
