"""What the sentence rests on: own functions behind the waiting, on locks, and without the GIL."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gilprof.analysis.summed import summed
from gilprof.analysis.sums import HANDOVER, ProfileSums
from gilprof.model import BlockedIn, Origin, State
from gilprof.report.functions import FunctionTable, Places
from gilprof.report.groups import Floats, Ints, grouped

Flags = npt.NDArray[np.bool_]

BELONGS_SHARE = 0.05
"""A thread belongs to a spot when this much of the spot's time is its own."""


@dataclass(frozen=True, slots=True)
class Spot:
    """An own function, the line that most of its time fell on, and the threads that it was in."""

    name: str
    file: str | None
    line: int | None
    seconds: float
    threads: tuple[str, ...]
    """Names of those that matter, the most first."""
    top_thread: float
    """The first one's share of the seconds."""
    threads_s: float
    """How long these threads lived, together."""


@dataclass(frozen=True, slots=True)
class Culprit:
    """The own function that most waiting is blamed on; shares of the waiting that it is blamed for."""

    spot: Spot
    share: float
    """Of all waiting."""
    overdue: float
    held_blocked: float
    gc: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """Beside the figures of the report."""

    culprit: Culprit | None
    handover: float
    """Share of all waiting in which nobody had the GIL."""
    returning: float
    """Share of all waiting of threads that had given the GIL up themselves, for a call."""
    lock: Spot | None
    """The line of own code where most time goes by blocked on a lock, of two threads at least."""
    released: Spot | None
    """The own function with the most time without the GIL."""


def gather(sums: ProfileSums, table: FunctionTable, places: Places, names: tuple[str, ...]) -> Evidence:
    """The evidence; ``names``: of the threads."""
    pairs, nodes = sums.pairs, sums.nodes
    finder = _SpotFinder(sums, table, places, names)
    waited = pairs.origin_ns.sum(axis=1)
    total = float(waited.sum())
    own_lock = nodes.blocked_in_ns[:, BlockedIn.LOCK] * table.own[places.own]
    return Evidence(
        culprit=_culprit(sums, places, finder) if total > 0 else None,
        handover=float(waited[pairs.holder == HANDOVER].sum()) / total if total > 0 else 0.0,
        returning=float(pairs.origin_ns[:, Origin.RETURNING].sum()) / total if total > 0 else 0.0,
        lock=finder.line(own_lock, min_threads=2),
        released=finder.function(nodes.states_ns[:, State.RELEASED]),
    )


def _culprit(sums: ProfileSums, places: Places, finder: _SpotFinder) -> Culprit | None:
    pairs, nodes = sums.pairs, sums.nodes
    told = pairs.holder >= 0
    holder = pairs.holder[told]
    waited = pairs.origin_ns.sum(axis=1)
    by_node: Floats = np.bincount(holder, waited[told], minlength=len(nodes.thread)).astype(np.float64)
    spot = finder.function(by_node)
    if spot is None:
        return None
    held = nodes.states_ns[:, State.HELD] + nodes.states_ns[:, State.HELD_BLOCKED]
    stuck = np.divide(nodes.states_ns[:, State.HELD_BLOCKED], held, out=np.zeros_like(held), where=held > 0)
    inside: Flags = places.own == finder.function_row(by_node)
    blamed = float(by_node[inside].sum())
    return Culprit(
        spot=spot,
        share=blamed / float(waited.sum()),
        overdue=float(pairs.overdue_ns[told][inside[holder]].sum()) / blamed,
        held_blocked=float((by_node * stuck)[inside].sum()) / blamed,
        gc=float(by_node[inside & nodes.gc].sum()) / blamed,
    )


class _SpotFinder:
    """Finds where most of some time by node fell."""

    def __init__(self, sums: ProfileSums, table: FunctionTable, places: Places, names: tuple[str, ...]) -> None:
        self._thread = sums.nodes.thread
        self._alive_ns = sums.threads.states_ns.sum(axis=1)
        self._table = table
        self._places = places
        self._names = names

    def function_row(self, ns: Floats) -> int:
        """The own function with the most of ``ns`` (N,)."""
        return int(np.argmax(np.bincount(self._places.own, ns, minlength=len(self._table))))

    def function(self, ns: Floats) -> Spot | None:
        """The own function with the most of ``ns`` (N,), at its hottest line."""
        if not ns.any():
            return None
        row = self.function_row(ns)
        inside = self._places.own == row
        lines, at = np.unique(self._places.own_line[inside], return_inverse=True)
        line = int(lines[np.argmax(np.bincount(at, ns[inside]))])
        return self._spot(row, line, ns * inside)

    def line(self, ns: Floats, min_threads: int) -> Spot | None:
        """The line of an own function with the most of ``ns`` (N,) that enough threads belong to."""
        used = ns > 0
        places = np.stack([self._places.own, self._places.own_line], axis=1)
        keys, sums = grouped(places[used], ns[used][:, None])
        for at in np.argsort(-sums[:, 0], kind="stable")[:10] if len(keys) else ():
            row, line = keys[at].tolist()
            spot = self._spot(row, line, ns * ((places == keys[at]).all(axis=1)))
            if len(spot.threads) >= min_threads:
                return spot
        return None

    def _spot(self, row: int, line: int, ns: Floats) -> Spot:
        by_thread = summed(self._thread, ns[:, None], len(self._names))[:, 0]
        most: Ints = np.argsort(-by_thread, kind="stable")
        total = float(ns.sum())
        ids = most[by_thread[most] >= BELONGS_SHARE * total]
        # Of very many threads none may have that share.
        ids = ids if len(ids) else np.flatnonzero(by_thread > 0)
        return self._named(row, line, total, ids, float(by_thread[ids[0]]) / total)

    def _named(self, row: int, line: int, ns: float, ids: npt.NDArray[np.integer], top_thread: float) -> Spot:
        name, file, first_line = self._table.keys[row]
        return Spot(
            name=name,
            file=file,
            line=line if line > 0 else first_line,
            seconds=ns / 1e9,
            threads=tuple(self._names[i] for i in ids.tolist()),
            top_thread=top_thread,
            threads_s=float(self._alive_ns[ids].sum()) / 1e9,
        )
