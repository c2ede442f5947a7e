"""Event loops that stand still: how much of its time a loop's thread is in callbacks or waits for the GIL."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gilprof.analysis.episodes import LoopKind, callbacks
from gilprof.analysis.profile_sums import ProfileSums
from gilprof.facts.arrays import Floats
from gilprof.facts.definitions import Definitions
from gilprof.model import BlockedIn, State
from gilprof.report.answer.model import Spot
from gilprof.report.answer.spots import SpotFinder


@dataclass(frozen=True, slots=True)
class StandingLoop:
    """The event loop that stands still the most; seconds of its thread."""

    thread: str
    alive_s: float
    standing_s: float
    """In callbacks, or waiting for the GIL wherever."""
    waiting_s: float
    """Of that, waiting for the GIL."""
    callback: Spot | None
    """Where its callbacks spend the most, waiting left out."""
    callback_states_s: tuple[float, ...]
    """(6,) by State, of the thread in that spot."""
    blocked_in_s: tuple[float, ...]
    """By BlockedIn, the parts of blocked."""
    waits_for: Spot | None
    """Who has the GIL for the most of its waiting."""


def standing_loop(
    sums: ProfileSums, definitions: Definitions, finder: SpotFinder, names: tuple[str, ...]
) -> StandingLoop | None:
    """The worst of the process's loops; None: there is no loop."""
    found = []
    in_callback = callbacks(definitions, sums.nodes.stack)
    for loop in sums.loops:
        of_thread = sums.nodes.thread == loop.thread
        outside = in_callback.outside & (loop.kind != LoopKind.GEVENT.name.lower())
        mine = of_thread & ~outside
        states_ns = sums.nodes.states_ns * mine[:, None]
        waiting_ns = states_ns[:, State.WAITING]
        busy_ns: Floats = (states_ns.sum(axis=1) - waiting_ns) * ~in_callback.of_the_loop
        found.append((float(waiting_ns.sum() + busy_ns.sum()), loop.thread, waiting_ns, busy_ns))
    if not found:
        return None
    standing_ns, thread, waiting_ns, busy_ns = max(found, key=lambda each: each[:2])
    callback = finder.function(busy_ns)
    inside = np.zeros(len(busy_ns), np.bool_) if callback is None else finder.inside(callback) & (busy_ns > 0)
    pairs = sums.pairs
    known = (pairs.holder >= 0) & (waiting_ns[pairs.waiter] > 0)
    by_holder = np.bincount(pairs.holder[known], pairs.origin_ns[known].sum(axis=1), minlength=len(busy_ns)).astype(
        np.float64
    )
    return StandingLoop(
        thread=names[thread],
        alive_s=float(sums.threads.states_ns[thread].sum()) / 1e9,
        standing_s=standing_ns / 1e9,
        waiting_s=float(waiting_ns.sum()) / 1e9,
        callback=callback,
        callback_states_s=_seconds(sums.nodes.states_ns[inside], len(State)),
        blocked_in_s=_seconds(sums.nodes.blocked_in_ns[inside], len(BlockedIn)),
        waits_for=finder.function(by_holder),
    )


def _seconds(ns: Floats, columns: int) -> tuple[float, ...]:
    return tuple((ns.sum(axis=0) / 1e9).tolist()) if len(ns) else (0.0,) * columns
