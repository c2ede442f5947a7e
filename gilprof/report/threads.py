"""The rows of threads."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import numpy as np
import numpy.typing as npt

from gilprof.analysis.sums import ThreadSums
from gilprof.facts.definitions import Definitions
from gilprof.model import BLOCKED_IN_NAMES, NONE, ORIGIN_NAMES, STATE_NAMES, BlockedIn, State, ThreadSeen
from gilprof.report.groups import seconds, seconds_by
from gilprof.report.model import Thread

Flags = npt.NDArray[np.bool_]
_NEEDS_GIL = [State.HELD, State.HELD_BLOCKED, State.WAITING]


def thread_names(sums: ThreadSums, definitions: Definitions) -> tuple[str, ...]:
    """(T,) the name of each row's thread, or the pattern of those folded into it."""
    threads = definitions.threads
    return tuple(threads[i].name if i in threads else f"thread {i}" for i in sums.id.tolist())


def matching(names: Sequence[str], pattern: str | None) -> Flags:
    """(T,) whether each name matches (fnmatch); all do without a pattern."""
    if pattern is None:
        return np.ones(len(names), np.bool_)
    return np.array([fnmatchcase(name, pattern) for name in names], np.bool_)


def is_python(sums: ThreadSums) -> Flags:
    """(T,) Python knows the thread: the interpreter has listed it, or it had or wanted the GIL."""
    return sums.python | (sums.states_ns[:, _NEEDS_GIL] > 0).any(axis=1)


def thread_rows(sums: ThreadSums, definitions: Definitions, listed: Flags | None = None) -> tuple[Thread, ...]:
    """A row for each thread (of those ``listed``) that there is time of."""
    names, python = thread_names(sums, definitions), is_python(sums)
    shown = sums.states_ns.sum(axis=1) > 0
    if listed is not None:
        shown &= listed
    return tuple(
        _row(sums, row, names[row], definitions.threads.get(int(sums.id[row])), bool(python[row]))
        for row in np.flatnonzero(shown).tolist()
    )


def _row(sums: ThreadSums, row: int, name: str, seen: ThreadSeen | None, python: bool) -> Thread:
    states = sums.states_ns[row]
    folded = int(sums.folded[row])
    return Thread(
        id=int(sums.id[row]),
        tid=None if seen is None or folded else seen.tid,
        name=name,
        gil=int(sums.domain[row]) if python and sums.domain[row] != NONE else None,
        alive_s=seconds(states.sum()),
        cpu_s=seconds(sums.cpu_ns[row]),
        queued_s=seconds(sums.queued_ns[row]),
        blamed_s=seconds(sums.blamed_ns[row]),
        blocking_s=seconds(sums.blocking_ns[row]),
        seconds=seconds_by(STATE_NAMES, states),
        waiting=seconds_by(ORIGIN_NAMES, sums.origin_ns[row]),
        blocked=_blocked_in(sums.blocked_in_ns[row]),
        held_blocked=_blocked_in(sums.held_blocked_in_ns[row]),
        folded=folded,
        for_child_s=seconds(sums.blocked_in_ns[row, BlockedIn.CHILD]),
    )


def _blocked_in(ns: npt.NDArray[np.float64]) -> dict[str, float]:
    """By the names that reports have."""
    named = ns[: len(BLOCKED_IN_NAMES)].copy()
    named[BlockedIn.OTHER] += ns[BlockedIn.CHILD]
    return seconds_by(BLOCKED_IN_NAMES, named)
