"""What every thread did at which pass, as the timeline's page carries it: runs of passes, cut where there are too many.

A run's ``key`` says on which row of time (a thread's stack) and in which state it was; key 0: the thread was not
there, or in nothing that the page has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gilprof.analysis.profile_sums import ProfileSums
from gilprof.analysis.sums import NodeSums
from gilprof.exporters.narrowing import Narrowing
from gilprof.exporters.spool import RowArray
from gilprof.exporters.stack_times import StackTimes
from gilprof.exporters.timeline import PASS_TIME_DTYPE, Timeline
from gilprof.exporters.timeline_columns import column
from gilprof.exporters.tracks import Track, tracks
from gilprof.facts.arrays import Bools, Rows
from gilprof.model import NONE, State

MAX_PASSES = 2_000_000
MAX_RUNS = 4_000_000
"""Of all threads together; what comes later than as many of either is cut off."""
_ABSENT = 0


@dataclass(frozen=True, slots=True)
class Passes:
    """When the passes were, from the first one on, and for how long each stands; all that the page has."""

    t_ns: Rows
    weight_ns: Rows
    gils: Mapping[int, Rows]
    """Of each GIL domain, at each pass: 0: nobody had it, 1: somebody, 2: it is not known."""
    all_of_them: bool

    @classmethod
    def of(cls, timeline: Timeline, gils: Iterable[int]) -> Passes:
        """At most ``MAX_PASSES``, and as many as ``MAX_RUNS`` runs reach; with these ``gils``."""
        blocks, count = [], 0
        for block in timeline.passes():
            number = count + np.cumsum(block["begins"])
            blocks.append(block[number <= MAX_PASSES])
            count = int(number[-1])
            if count > MAX_PASSES:
                break
        rows = np.concatenate([np.empty(0, PASS_TIME_DTYPE), *blocks])
        t_ns = rows["t_ns"][rows["begins"]].astype(np.int64)
        reached = _passes_reached(timeline, t_ns)
        number = np.cumsum(rows["begins"]) - 1
        rows, number = rows[number < reached], number[number < reached]
        has = np.where(rows["holder"] >= 0, 1, np.where(rows["holder"] == NONE, 0, 2))
        return cls(
            t_ns=t_ns[:reached],
            weight_ns=rows["weight_ns"][rows["begins"]].astype(np.int64),
            gils={gil: _at_each(number, has, rows["gil"] == gil, reached) for gil in gils},
            all_of_them=reached == 0 or int(t_ns[reached - 1]) == timeline.last_ns,
        )

    def columns(self) -> dict[str, Any]:
        """As the page has them: the time that was not observed before each pass, and the time that it stands for."""
        before = np.diff(self.t_ns, prepend=self.t_ns[:1]) - self.weight_ns
        return {"unobserved_ns": column(np.maximum(before, 0)), "weight_ns": column(self.weight_ns)}

    def reach(self, block: RowArray) -> tuple[Rows, Rows, RowArray]:
        """The first pass of each slice, the one behind its last, and these slices, without those behind the end."""
        first = np.searchsorted(self.t_ns, block["start_ns"], side="right")
        end = np.minimum(np.searchsorted(self.t_ns, block["end_ns"], side="left") + 1, len(self.t_ns))
        there = first < end
        return first[there], end[there], block[there]


def _at_each(number: Rows, has: Rows, mine: Bools, count: int) -> Rows:
    """(``count``,) what ``has`` says of some rows at the passes with their numbers; 0 at the others."""
    out = np.zeros(count, np.int64)
    out[number[mine]] = has[mine]
    return out


def _passes_reached(timeline: Timeline, t_ns: Rows) -> int:
    """How many passes ``MAX_RUNS`` slices reach, gaps between them not counted."""
    if sum(len(block) for number in timeline.threads for block in timeline.slices(number)) <= MAX_RUNS:
        return len(t_ns)
    begun = np.zeros(len(t_ns) + 1, np.int64)
    for number in timeline.threads:
        for block in timeline.slices(number):
            first = np.searchsorted(t_ns, block["start_ns"], side="right")
            begun += np.bincount(first, minlength=len(begun))
    return int(np.searchsorted(np.cumsum(begun[:-1]), MAX_RUNS, side="right"))


class Keys:
    """Numbers row and state together when they are first met, from 1 on."""

    def __init__(self, sums: ProfileSums, times: StackTimes) -> None:
        assert times.node is not None, "these rows are not the profile's"
        self._nodes = _Nodes(sums, times.node)
        self._numbers: dict[int, int] = {}

    def numbers(self, track: Track, block: RowArray) -> Rows:
        """The key of each slice."""
        rows = self._nodes.rows(track, block)
        packed = np.where(rows == NONE, NONE, rows * len(State) + block["state"])
        kinds, inverse = np.unique(packed, return_inverse=True)
        numbers = [
            _ABSENT if kind == NONE else self._numbers.setdefault(kind, len(self._numbers) + 1)
            for kind in kinds.tolist()
        ]
        return np.array(numbers, np.int64)[inverse]

    def columns(self) -> dict[str, Any]:
        """Row and state of each key from 1 on."""
        packed = np.fromiter(self._numbers, np.int64, len(self._numbers))
        return {"row": column(packed // len(State)), "state": column(packed % len(State))}


class _Nodes:
    """Finds the row of time of a slice."""

    def __init__(self, sums: ProfileSums, node: Rows) -> None:
        nodes, threads = sums.nodes, sums.threads
        # Rows without time belong to nobody, though they have the id of whom they belonged to.
        seen = np.flatnonzero(threads.states_ns.any(axis=1))
        self._row_of_thread = dict(zip(threads.id[seen].tolist(), seen.tolist(), strict=True))
        self._folded = np.flatnonzero(threads.folded).tolist()
        order = np.lexsort((_stack_keys(nodes)[node], nodes.thread[node]))
        self._order = order
        self._thread = nodes.thread[node][order].astype(np.int64)
        self._stack = _stack_keys(nodes)[node][order]

    def rows(self, track: Track, block: RowArray) -> Rows:
        """(n,) ``NONE`` where there is none. A thread that was folded with others has their row."""
        keys = block["stack"].astype(np.int64) * 2 + block["gc"]
        own = self._row_of_thread.get(track.number)
        found = np.full(len(block), NONE, np.int64)
        for row in self._folded if own is None else [own]:
            begin, end = np.searchsorted(self._thread, [row, row + 1]).tolist()
            stacks = self._stack[begin:end]
            at = np.minimum(np.searchsorted(stacks, keys), max(end - begin - 1, 0))
            known = (found == NONE) & (stacks[at] == keys) if len(stacks) else np.zeros(len(keys), np.bool_)
            found[known] = self._order[begin + at[known]]
        return found


def _stack_keys(nodes: NodeSums) -> Rows:
    keys: Rows = nodes.stack.astype(np.int64) * 2 + nodes.gc
    return keys


def run_columns(track: Track, passes: Passes, keys: Keys) -> dict[str, Any]:
    """The thread's keys, and for how many passes each; both together say everything up to its last run."""
    key_parts, count_parts, at = [], [], 0
    for block in track.slices():
        first, end, block = passes.reach(block)
        if len(block) == 0:
            continue
        key, count = np.full(2 * len(block), _ABSENT), np.empty(2 * len(block), np.int64)
        key[1::2], count[1::2] = keys.numbers(track, block), end - first
        count[0::2] = first - np.concatenate([[at], end[:-1]])
        at = int(end[-1])
        key_parts.append(key[count > 0])
        count_parts.append(count[count > 0])
    none = np.zeros(0, np.int64)
    return {
        "key": column(np.concatenate([none, *key_parts])),
        "count": column(np.concatenate([none, *count_parts])),
    }


def listed_tracks(timeline: Timeline, narrowing: Narrowing) -> Iterator[tuple[Track, bool]]:
    """Every thread, as who waits may wait for one that was not asked for, and whether it was."""
    asked = {track.number for track in tracks(timeline, narrowing)}
    for track in tracks(timeline, Narrowing()):
        yield track, track.number in asked
