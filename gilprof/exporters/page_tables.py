"""The flame graph's time as tables in HTML, for those who cannot see it or run no scripts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from gilprof.analysis.sums import group_sum
from gilprof.exporters.stack_times import StackTimes, frame_label
from gilprof.facts.arrays import Ns
from gilprof.model import State
from gilprof.report.state_words import WORDS
from gilprof.units import format_seconds

ROWS = 200


def page_tables(times: StackTimes, states: Sequence[State], before_ns: Ns | None = None) -> str:
    """Threads, and functions on top of the stack, with seconds by state; those with most waiting and blame first.
    With ``before_ns``, the baseline's time of each row, the columns of these seconds too."""
    headings = [WORDS[state] for state in states]
    columns = [times.states_ns[:, state] for state in states]
    if times.blamed_ns is not None:
        headings.append("blamed")
        columns.append(times.blamed_ns)
    if before_ns is not None:
        headings += [f"{WORDS[state]} before" for state in states]
        columns += [before_ns[:, state] for state in states]
    harm = np.array([heading in (WORDS[State.WAITING], "blamed") for heading in headings])
    values = np.column_stack(columns)
    functions = [frame_label(name, file, line or 0) for name, file, line in times.functions]
    tables = [
        ("Threads", "thread", times.threads, times.thread),
        ("Functions on top of the stack, with their first lines", "function", functions, times.function[times.stack]),
    ]
    out = []
    for caption, what, names, row_of in tables:
        ns = group_sum(row_of, values, len(names))
        ns_of = {row: ns[row] for row in np.lexsort((-ns.sum(axis=1), -ns[:, harm].sum(axis=1))).tolist()}
        rows = [[names[row], *map(_seconds, parts.tolist())] for row, parts in ns_of.items() if parts.any()]
        out.append(_table(caption, [what, *headings], rows))
    return "".join(out)


def _table(caption: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if len(rows) > ROWS:
        caption += f"; {len(rows) - ROWS} more are not shown"
    body = "\n".join(_row("td", row) for row in rows[:ROWS])
    return (
        f"<table>\n<caption>{caption}</caption>\n<thead>{_row('th', headings)}</thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table>\n"
    )


def _row(cell: str, texts: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{cell}>{escape(text)}</{cell}>" for text in texts) + "</tr>"


def _seconds(ns: float) -> str:
    return format_seconds(ns / 1e9) if ns else "-"
