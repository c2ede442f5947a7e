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
from gilprof.exporters.joined import processes_of
from gilprof.exporters.narrowing import Narrowing
from gilprof.exporters.page_data import page_data
from gilprof.exporters.page_parts import Piece, assembled, part
from gilprof.exporters.page_tables import page_tables
from gilprof.exporters.stack_times import stack_times
from gilprof.model import State
from gilprof.report.build import Profiled, build_session_report
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
    report = build_session_report(processes_of(profile))
    about = "\n".join(_about(process) for process in report.processes) + _narrowed(narrowing)
    if baseline is None:
        compared = None
        times = cut_deep(stack_times(profile, narrowing, with_pairs=True))
    else:
        before = build_session_report(processes_of(baseline))
        if not any(process.observed_s for process in before.processes):
            raise FileError("comparing with the baseline", "no time was observed in it", "give another recording")
        new, old = (cut_deep(stack_times(one, narrowing, distinct_threads=False)) for one in (profile, baseline))
        compared = difference(new, old, profile, baseline)
        times = compared.times
        about += "\n".join([f"\nBefore: {before.sentence}", *map(_about, before.processes)])
    texts = {
        "title": escape(f"gilprof: {_title(report.processes)}"),
        "sentence": escape(report.sentence),
        "about": "".join(f'<p class="about">{escape(line)}</p>' for line in about.splitlines()),
        "tables": page_tables(times, states, None if compared is None else compared.before_ns),
    }
    data = page_data(times, states, compared)
    graph = Piece("", part("page", "style.css"), part("page", *SCRIPTS), "data", data)
    return assembled(texts, [graph, *above])


def _title(processes: Sequence[Process]) -> str:
    first, *others = processes
    more = f" and {len(others)} more" if others else ""
    return f"{printable(' '.join(first.command), 60)} ({first.pid}){more}"


def _about(process: Process) -> str:
    command = printable(" ".join(process.command), 120)
    parts = [f"Process {process.pid}, Python {process.python}: {command}"]
    if process.started is not None:
        parts.append(f"{format_seconds(process.observed_s)} observed from {_shortened(process.started)}")
    parts.append(f"{process.sampling.passes} passes, {format_share(process.sampling.unknown)} unknown")
    return " · ".join(parts)


def _narrowed(narrowing: Narrowing) -> str:
    """What is left of all of it, behind what it is about."""
    only = []
    if len(narrowing.states) < len(State):
        only.append(", ".join(WORDS[state] for state in ORDER if state in narrowing.states))
    if narrowing.thread is not None:
        only.append(f"threads named {printable(narrowing.thread, 60)}")
    return f" · below: only {' of '.join(only)}; the sentence is about all" if only else ""


def _shortened(started: str) -> str:
    return datetime.fromisoformat(started).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
