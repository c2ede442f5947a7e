"""The rows of threads; of programs that make threads without end, the many small ones folded together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import numpy as np
import numpy.typing as npt

from gilprof.analysis.definitions import Definitions
from gilprof.analysis.sums import ThreadSums
from gilprof.model import BLOCKED_IN_NAMES, NONE, ORIGIN_NAMES, STATE_NAMES, State
from gilprof.report.groups import seconds, seconds_by
from gilprof.report.model import Thread
from gilprof.report.names import name_pattern

ENDED_ROWS = 1000
"""Ended threads that keep a row of their own: those with the most waiting and blame."""
FOLDED_PATTERNS = 100
"""Name patterns that get a row for the folded; what is left is folded into one named ``*``."""
Flags = npt.NDArray[np.bool_]
_NEEDS_GIL = [State.HELD, State.HELD_BLOCKED, State.WAITING]


@dataclass(frozen=True, slots=True)
class ThreadTable:
    """Thread ids and the rows that they are shown in."""

    rows: tuple[Thread, ...]
    row_id: npt.NDArray[np.int64]
    """(T,) the id of the row that shows each thread."""


def thread_names(definitions: Definitions, count: int) -> tuple[str, ...]:
    """The names of the threads 0 to ``count`` - 1."""
    names = [f"thread {number}" for number in range(count)]
    for number, seen in definitions.threads.items():
        if 0 <= number < count:
            names[number] = seen.name
    return tuple(names)


def matching(names: Sequence[str], pattern: str | None) -> Flags:
    """(T,) whether each name matches (fnmatch); all do without a pattern."""
    if pattern is None:
        return np.ones(len(names), np.bool_)
    return np.array([fnmatchcase(name, pattern) for name in names], np.bool_)


def is_python(sums: ThreadSums) -> Flags:
    """(T,) Python knows the thread: the interpreter has listed it, or it had or wanted the GIL."""
    return sums.python | (sums.states_ns[:, _NEEDS_GIL] > 0).any(axis=1)


def thread_table(sums: ThreadSums, definitions: Definitions, listed: Flags | None = None) -> ThreadTable:
    """One row for each thread (of those ``listed``) that there is time of; ended ones fold beyond
    ``ENDED_ROWS``."""
    count = len(sums.states_ns)
    names, python = thread_names(definitions, count), is_python(sums)
    shown = sums.states_ns.sum(axis=1) > 0
    if listed is not None:
        shown &= listed
    ended = np.zeros(count, np.bool_)
    ended[[seen.id for seen in definitions.threads.values() if 0 <= seen.id < count and seen.ended_ns]] = True

    harm = sums.states_ns[:, State.WAITING] + sums.blamed_ns
    candidates = np.flatnonzero(shown & ended)
    folded = candidates[np.argsort(-harm[candidates], kind="stable")][ENDED_ROWS:]
    shown[folded] = False
    row_id = np.arange(count)
    rows: list[Thread] = []
    for number in np.flatnonzero(shown).tolist():
        seen = definitions.threads.get(number)
        row = _row(sums, np.array([number]), 0 if python[number] else None)
        rows.append(replace(row, id=number, tid=seen.tid if seen else None, name=names[number]))
    next_id = max(count, max(definitions.threads, default=NONE) + 1)
    for (pattern, known), members in _by_pattern(folded.tolist(), names, python).items():
        group = np.array(members)
        row = _row(sums, group, 0 if known else None)
        rows.append(replace(row, id=next_id, name=pattern, folded=len(members)))
        row_id[group] = next_id
        next_id += 1
    return ThreadTable(tuple(rows), row_id)


def _by_pattern(threads: Sequence[int], names: Sequence[str], python: Flags) -> dict[tuple[str, bool], list[int]]:
    patterns = {thread: name_pattern(names[thread]) for thread in threads}
    common = {pattern for pattern, _ in Counter(patterns.values()).most_common(FOLDED_PATTERNS)}
    groups: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for thread, pattern in patterns.items():
        groups[pattern if pattern in common else "*", bool(python[thread])].append(thread)
    return groups


def _row(sums: ThreadSums, group: npt.NDArray[np.integer], gil: int | None) -> Thread:
    """What the threads of ``group`` did together; nameless."""
    states = sums.states_ns[group].sum(axis=0)
    return Thread(
        id=NONE,
        tid=None,
        name="",
        gil=gil,
        alive_s=seconds(states.sum()),
        cpu_s=seconds(sums.cpu_ns[group].sum()),
        queued_s=seconds(sums.queued_ns[group].sum()),
        blamed_s=seconds(sums.blamed_ns[group].sum()),
        blocking_s=seconds(sums.blocking_ns[group].sum()),
        seconds=seconds_by(STATE_NAMES, states),
        waiting=seconds_by(ORIGIN_NAMES, sums.origin_ns[group].sum(axis=0)),
        blocked=seconds_by(BLOCKED_IN_NAMES, sums.blocked_in_ns[group].sum(axis=0)),
        held_blocked=seconds_by(BLOCKED_IN_NAMES, sums.held_blocked_in_ns[group].sum(axis=0)),
    )
