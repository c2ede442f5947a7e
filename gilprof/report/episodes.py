"""Waits and turns as rows: how long they lasted, by thread, own function and line, and the worst of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gilprof.analysis.episodes import (
    BELOW,
    BINS,
    FOLDED,
    NOT_KNOWN,
    EpisodeKind,
    KeptEpisode,
    LengthSums,
    length_of,
    quantile_ns,
)
from gilprof.analysis.profile_sums import ProfileSums
from gilprof.facts.arrays import Bools, Floats, Rows
from gilprof.facts.definitions import Definitions
from gilprof.model import NONE, ORIGIN_NAMES
from gilprof.report.functions import FunctionTable
from gilprof.report.groups import seconds
from gilprof.report.model import BelowResolution, Culprit, Episodes, Lengths, Selection, Victim, WorstEpisode
from gilprof.report.threads import matching

Place = tuple[int | None, int | None]
"""Function row and line; (None, None): many, folded together."""


class FramePlaces:
    """Where each own frame stands."""

    def __init__(self, definitions: Definitions, table: FunctionTable) -> None:
        self._definitions = definitions
        self._table = table

    def of(self, frame: int) -> Place:
        """The function and line of a frame."""
        if frame == FOLDED:
            return None, None
        if frame == NONE:
            return self._table.no_frame, None
        place = self._definitions.place(frame)
        return (self._table.unreadable, None) if place is None else (self.function(place[0]), place[1] or None)

    def function(self, number: int) -> int:
        """The row of a function that the profile knows."""
        return int(self._table.row_of[number])


def episodes(
    sums: ProfileSums,
    places: FramePlaces,
    names: Sequence[str],
    selection: Selection | None,
) -> Episodes:
    """The episodes of a profile.

    Of a ``selection``, ``thread`` and ``waiter`` narrow the waits, ``thread`` and ``holder`` the turns; the worst are
    of the worst of all.
    """
    chosen = selection or Selection()
    observed = sums.threads.states_ns.sum(axis=1) > 0
    thread = matching(names, chosen.thread) & observed
    shown = {
        EpisodeKind.WAIT: thread & matching(names, chosen.waiter),
        EpisodeKind.TURN: thread & matching(names, chosen.holder),
    }
    ids = sums.threads.id
    rows = {kind: _lengths(sums.episodes.lengths, kind, shown[kind], ids, places) for kind in EpisodeKind}
    worst = tuple(
        _worst(each, sums.first_t_ns, ids, observed, places)
        for each in sums.episodes.worst
        if shown[each.kind][each.thread]
    )
    return Episodes(waits=rows[EpisodeKind.WAIT], turns=rows[EpisodeKind.TURN], worst=worst)


def functions_of(rows: Episodes) -> set[int]:
    """The functions that ``rows`` name."""
    named = {row.function for row in (*rows.waits, *rows.turns)} | {row.function for row in rows.worst}
    named |= {row.holder.function for row in rows.worst if row.holder is not None}
    return {row for row in named if row is not None}


def _lengths(
    sums: LengthSums, kind: EpisodeKind, shown: np.ndarray, ids: Rows, places: FramePlaces
) -> tuple[Lengths, ...]:
    keys = np.flatnonzero((sums.kind == kind) & shown[sums.thread]) if len(sums.kind) else np.zeros(0, np.int64)
    at = [(int(sums.thread[key]), *places.of(int(sums.frame[key]))) for key in keys.tolist()]
    groups = {group: number for number, group in enumerate(dict.fromkeys(at))}
    group_of_key = np.full(len(sums.kind), NONE)
    group_of_key[keys] = [groups[group] for group in at]
    longest = np.zeros(len(groups), np.int64)
    np.maximum.at(longest, group_of_key[keys], sums.longest_ns[keys])
    group = group_of_key[sums.key]
    order = np.argsort(group, kind="stable")
    bounds = np.searchsorted(group[order], np.arange(len(groups) + 1))
    rows = []
    for (thread, function, line), number in groups.items():
        cells = order[bounds[number] : bounds[number + 1]]
        counts = np.bincount(sums.bin[cells], sums.corrected[cells], minlength=BINS).astype(np.float64)
        seen_below = sums.seen[cells][sums.bin[cells] == BELOW].sum()
        total_ns = float(counts @ _LENGTHS_NS)
        rows.append((total_ns, _row(int(ids[thread]), function, line, counts, seen_below, int(longest[number]))))
    rows.sort(key=lambda row: -row[0])
    return tuple(row for _, row in rows)


_LENGTHS_NS = np.array([0.0, *(length_of(number) for number in range(1, BINS))])


def _row(
    thread: int, function: int | None, line: int | None, counts: Floats, seen_below: float, longest_ns: int
) -> Lengths:
    def quantile_s(share: float) -> float | None:
        ns = quantile_ns(counts, share)
        return None if ns is None else seconds(min(ns, longest_ns))

    return Lengths(
        thread=thread,
        function=function,
        line=line,
        count=round(float(counts.sum()), 3),
        p50_s=quantile_s(0.5),
        p90_s=quantile_s(0.9),
        p99_s=quantile_s(0.99),
        max_s=seconds(longest_ns) if longest_ns else None,
        below_resolution=BelowResolution(round(float(seen_below)), round(float(counts[BELOW]), 3)),
    )


def _worst(worst: KeptEpisode, first_t_ns: int, ids: Rows, observed: Bools, places: FramePlaces) -> WorstEpisode:
    """Threads that were never ``observed`` (T,), as they were seen at the first pass alone, are in no report."""
    function, line = places.of(worst.frame)
    culprit = worst.culprit if worst.culprit is not None and observed[worst.culprit.thread] else None
    return WorstEpisode(
        kind=worst.kind.name.lower(),
        start_s=seconds(worst.start_ns - first_t_ns),
        seconds=seconds(worst.length_ns),
        error_s=None if worst.error_ns == NOT_KNOWN else seconds(worst.error_ns),
        thread=int(ids[worst.thread]),
        function=function,
        line=line,
        holder=None
        if culprit is None
        else Culprit(int(ids[culprit.thread]), *places.of(culprit.frame), seconds(culprit.ns)),
        victims=tuple(Victim(int(ids[thread]), seconds(ns)) for thread, ns in worst.victims if observed[thread]),
        origin=ORIGIN_NAMES[worst.origin] if worst.kind == EpisodeKind.WAIT else None,
        overdue_s=seconds(worst.overdue_ns),
    )
