"""The tables of moments: the worst waits and turns, and stalls."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gilprof.analysis.episodes import StallCause
from gilprof.report.model import Process, WorstEpisode
from gilprof.report.places import NamedPlaces, cut_at, time_of_day
from gilprof.report.text_table import TextTable
from gilprof.units import format_seconds

EPISODE_ROWS = 5
STALL_ROWS = 10
_WHY = {None: "-", StallCause.COLLECTION.value: "collection", StallCause.QUEUED.value: "no CPU"}


def worst_tables(process: Process) -> Iterable[TextTable]:
    """The worst waits with who kept them waiting, and the worst turns with who waited for them."""
    places = NamedPlaces(process)

    def rows(kind: str, other: Callable[[WorstEpisode], str]) -> list[list[str]]:
        return [
            [
                places.at(row.thread, row.function, row.line),
                other(row),
                time_of_day(process, row.start_s),
                *_length(row),
            ]
            for row in process.episodes.worst
            if row.kind == kind
        ]

    def kept_by(row: WorstEpisode) -> str:
        return "?" if row.holder is None else places.at(row.holder.thread, row.holder.function, row.holder.line)

    figures = ["at (UTC)", "length", "error"]
    yield TextTable("Worst waits", ["waiter", "kept waiting by"], figures, rows("wait", kept_by), EPISODE_ROWS, cut_at)
    yield TextTable(
        "Worst turns with the GIL",
        ["holder", "waited"],
        figures,
        rows("turn", lambda row: places.threads(row.victims)),
        EPISODE_ROWS,
        cut_at,
    )


def stall_table(process: Process) -> TextTable:
    """The longest stalls."""
    places = NamedPlaces(process)
    rows = sorted(process.stalls or (), key=lambda stall: -stall.seconds)
    left = "" if len(rows) == process.stall_count else f", of the latest {len(rows)}"
    with_cause = any(stall.cause for stall in rows)
    return TextTable(
        f"Stalls, waits longer than {format_seconds(process.stall_limit_s)}: {process.stall_count}{left}",
        ["holder", "waited"],
        ["at (UTC)", "length", *(["why"] if with_cause else [])],
        [
            [
                "nobody" if stall.holder is None else places.at(stall.holder, stall.function, stall.line),
                places.threads(stall.victims),
                time_of_day(process, stall.start_s),
                format_seconds(stall.seconds),
                *([_WHY[stall.cause]] if with_cause else []),
            ]
            for stall in rows
        ],
        STALL_ROWS,
        cut_at,
    )


def _length(row: WorstEpisode) -> list[str]:
    return [format_seconds(row.seconds), "?" if row.error_s is None else f"±{format_seconds(row.error_s)}"]
