"""What an answer rests on: functions behind the waiting, on locks and without the GIL, loops, CPUs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gilprof.analysis.profile_sums import ProfileSums
from gilprof.analysis.sums import HANDOVER
from gilprof.facts.arrays import Floats
from gilprof.facts.definitions import Definitions
from gilprof.model import BlockedIn, Origin, State
from gilprof.report.answer.loops import StandingLoop, standing_loop
from gilprof.report.answer.model import Spot
from gilprof.report.answer.spots import SpotFinder
from gilprof.report.functions import FunctionTable, NodePlaces

Flags = npt.NDArray[np.bool_]

_FOR_OTHERS = ("threading.py", "queue.py", "thread.py", "selectors.py")
"""Files of the standard library whose functions block until somebody else has work or has ended."""


@dataclass(frozen=True, slots=True)
class Culprit:
    """Where most of the waiting is blamed on; shares of the waiting that it is blamed for."""

    spot: Spot
    share: float
    """Of all waiting."""
    first_share: float
    """Of all waiting, for the spot's first function; another figure than ``share`` where it has many."""
    overdue: float
    held_blocked: float
    gc: float
    no_cpu: float
    """While the culprit stood ready without a CPU."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Beside the figures of the report; means are of threads over the observed time."""

    culprit: Culprit | None
    handover: float
    """Share of all waiting in which nobody had the GIL."""
    returning: float
    """Share of all waiting of threads that had given the GIL up themselves, for a call."""
    gc_waiting: float
    """Share of all waiting in which a garbage collection had the GIL."""
    gc_mean: float
    """Share of the time in which a garbage collection had the GIL."""
    waiting_mean: float
    queued_mean: float
    """Threads ready without a CPU, whatever they were doing."""
    on_cpu_mean: float
    waiting_for_cpu_mean: float
    """Of the waiting threads: those that stood ready without a CPU themselves."""
    waiting_for_queued_mean: float
    """Of the waiting threads: those that waited for a thread that stood ready without a CPU."""
    released_mean: float
    released_queued_mean: float
    """Of the threads without the GIL: ready without a CPU."""
    lock: Spot | None
    """The line of own code where most time goes by blocked on a lock, of two threads at least."""
    released: Spot | None
    """Where most time goes by without the GIL."""
    loop: StandingLoop | None


def gather(
    sums: ProfileSums,
    definitions: Definitions,
    table: FunctionTable,
    places: NodePlaces,
    names: tuple[str, ...],
    python: Flags,
) -> Evidence:
    """The evidence; ``names``: of the threads, of which ``python`` (T,) says whether Python knows them."""
    pairs, nodes, threads = sums.pairs, sums.nodes, sums.threads
    finder = SpotFinder(sums, table, places, names)
    waited = pairs.origin_ns.sum(axis=1)
    total = float(waited.sum())
    by_holder = _by_holder(sums, waited)
    no_cpu = by_holder * _share_of_held(sums, nodes.held_queued_ns)
    observed = sums.observed_ns or 1.0

    def mean(ns: Floats) -> float:
        return float(ns.sum()) / observed

    return Evidence(
        culprit=_culprit(sums, finder, by_holder, no_cpu, total),
        handover=float(waited[pairs.holder == HANDOVER].sum()) / total if total > 0 else 0.0,
        returning=float(pairs.origin_ns[:, Origin.RETURNING].sum()) / total if total > 0 else 0.0,
        gc_waiting=float(by_holder[nodes.gc].sum()) / total if total > 0 else 0.0,
        gc_mean=mean(nodes.states_ns[nodes.gc][:, [State.HELD, State.HELD_BLOCKED]]),
        waiting_mean=mean(threads.states_ns[:, State.WAITING]),
        queued_mean=mean(threads.queued_ns),
        on_cpu_mean=mean(threads.cpu_ns),
        waiting_for_cpu_mean=mean(threads.queued_in_ns[:, State.WAITING]),
        waiting_for_queued_mean=mean(no_cpu),
        released_mean=mean(threads.states_ns[python, State.RELEASED]),
        released_queued_mean=mean(threads.queued_in_ns[python, State.RELEASED]),
        lock=finder.line(nodes.blocked_in_ns[:, BlockedIn.LOCK] * _on_a_lock(table, places), min_threads=2),
        released=finder.function(nodes.states_ns[:, State.RELEASED] * python[nodes.thread]),
        loop=standing_loop(sums, definitions, finder, names),
    )


def _by_holder(sums: ProfileSums, waited: Floats) -> Floats:
    """(N,) the waiting that each node is blamed for."""
    known = sums.pairs.holder >= 0
    counts = np.bincount(sums.pairs.holder[known], waited[known], minlength=len(sums.nodes.thread))
    return counts.astype(np.float64)


def _share_of_held(sums: ProfileSums, ns: Floats) -> Floats:
    """(N,) ``ns`` as a share of each node's time with the GIL, at most 1."""
    held = sums.nodes.states_ns[:, State.HELD] + sums.nodes.states_ns[:, State.HELD_BLOCKED]
    return np.minimum(np.divide(ns, held, out=np.zeros_like(held), where=held > 0), 1.0)


def _on_a_lock(table: FunctionTable, places: NodePlaces) -> Flags:
    """(N,) the node is own code that blocks on a lock, rather than on a queue, an event or another thread's end."""
    for_others = np.array(
        [not own and (file or "").rpartition("/")[2] in _FOR_OTHERS
         for (_, file, _), own in zip(table.keys, table.own.tolist(), strict=True)], np.bool_
    )  # fmt: skip
    return table.own[places.own] & ~for_others[places.top]


def _culprit(sums: ProfileSums, finder: SpotFinder, by_holder: Floats, no_cpu: Floats, total: float) -> Culprit | None:
    spot = finder.function(by_holder)
    if spot is None:
        return None
    pairs, nodes = sums.pairs, sums.nodes
    stuck = _share_of_held(sums, nodes.states_ns[:, State.HELD_BLOCKED])
    inside = finder.inside(spot)
    blamed = float(by_holder[inside].sum())
    known = pairs.holder >= 0
    return Culprit(
        spot=spot,
        share=blamed / total,
        first_share=finder.largest(by_holder * inside) / total,
        overdue=float(pairs.overdue_ns[known][inside[pairs.holder[known]]].sum()) / blamed,
        held_blocked=float((by_holder * stuck)[inside].sum()) / blamed,
        gc=float(by_holder[inside & nodes.gc].sum()) / blamed,
        no_cpu=float(no_cpu[inside].sum()) / blamed,
    )
