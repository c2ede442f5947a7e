"""The timeline in words, for those who cannot see it or run no scripts: a summary, and the worst episodes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt

from gilprof.exporters.timeline import Timeline
from gilprof.report.gils import waiters_mean
from gilprof.report.model import Culprit, Process, WorstEpisode
from gilprof.report.names import location, printable
from gilprof.units import format_seconds

_SECOND_NS = 10**9
_MOST_STEPS = 1_000_000
"""A recording of more seconds is looked at in steps of several."""
_KINDS = {"wait": "waits", "turn": "keeps the GIL"}


def summary(timeline: Timeline, process: Process, cut_ns: int | None) -> str:
    """How many wait on average and in the worst second, and what the page leaves out."""
    duration_ns = timeline.last_ns - timeline.first_ns
    if duration_ns == 0:
        return "No time was observed."
    step_s = -(duration_ns // -(_MOST_STEPS * _SECOND_NS))
    waiting_ns = waiting_by_step(timeline, step_s * _SECOND_NS)
    parts = [
        f"Over {format_seconds(process.duration_s)}, {waiters_mean(process):.2g} threads wait for the GIL on average"
    ]
    worst = int(waiting_ns.argmax())
    if waiting_ns[worst] > 0:
        whole_ns = min(step_s * _SECOND_NS, duration_ns - worst * step_s * _SECOND_NS)
        when = f"the {step_s} s from {worst * step_s} s on"
        parts.append(f"the most in {when}: {waiting_ns[worst] / whole_ns:.2g}")
    text = ", ".join(parts) + "."
    if cut_ns is not None:
        text += (
            f" Too long for one page: heatmap and threads end at {format_seconds(cut_ns / _SECOND_NS)}, what is below"
            " is of all the time until some is chosen. Export the rest with --from and --to."
        )
    return text


def waiting_by_step(timeline: Timeline, step_ns: int) -> npt.NDArray[np.float64]:
    """Nanoseconds of waiting, of all threads, in each step from the first pass on."""
    steps = -((timeline.first_ns - timeline.last_ns) // step_ns)
    edges = timeline.first_ns + step_ns * np.arange(steps + 1)
    total = np.zeros(steps)
    for block in (block for gil in timeline.gils() for block in timeline.gil(gil)):
        length_ns = block["end_ns"] - block["start_ns"]
        times = np.column_stack([block["start_ns"], block["end_ns"]]).ravel()
        grown = np.zeros(len(times))
        grown[1::2] = length_ns * block["waiters"].astype(np.int64)
        total += np.diff(np.interp(edges, times, np.cumsum(grown)))
    return total


def worst_rows(process: Process, tracks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The worst episodes as the scripts have them, in the order of ``worst_table``; ``track`` is a row of ``tracks``,
    or None for a thread that has none."""
    track_of = {track["id"]: row for row, track in enumerate(tracks)}
    return [
        {
            "track": track_of.get(worst.thread),
            "begin_ns": round(worst.start_s * 1e9),
            "length_ns": round(worst.seconds * 1e9),
            "words": _KINDS[worst.kind],
        }
        for worst in process.episodes.worst
    ]


def worst_table(process: Process) -> str:
    """HTML: a row an episode, which the scripts make a button of."""
    head = "".join(
        f'<th scope="col">{heading}</th>'
        for heading in ("", "thread", "does", "from", "for", "where", "the GIL meanwhile, for the most part")
    )
    rows = "\n".join(_row(number, worst, process) for number, worst in enumerate(process.episodes.worst, 1))
    empty = "" if process.episodes.worst else '<p class="about">None lasted for three looks.</p>'
    return (
        f'<table id="worst">\n<caption>Worst episodes of all threads</caption>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table>\n{empty}"
    )


def _row(number: int, worst: WorstEpisode, process: Process) -> str:
    names = {thread.id: thread.name for thread in process.threads}
    cells = (
        printable(names.get(worst.thread, f"thread {worst.thread}")),
        _KINDS[worst.kind],
        f"{worst.start_s:.3f} s",
        format_seconds(worst.seconds),
        _place(process, worst.function, worst.line),
        _holder(process, names, worst),
    )
    return f'<tr><th scope="row">{number}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'


def _holder(process: Process, names: dict[int, str], worst: WorstEpisode) -> str:
    holder: Culprit | None = worst.holder
    if worst.kind == "turn":
        return ", ".join(
            f"{printable(names.get(each.thread, f'thread {each.thread}'))} waits {format_seconds(each.seconds)}"
            for each in worst.victims[:3]
        )
    if holder is None:
        return "not known"
    name = printable(names.get(holder.thread, f"thread {holder.thread}"))
    return f"{name}, {_place(process, holder.function, holder.line)}, {format_seconds(holder.seconds)}"


def _place(process: Process, function: int | None, line: int | None) -> str:
    if function is None:
        return "many places"
    found = next(row for row in process.functions if row.id == function)
    return location(found.name, found.file, line)
