"""Which looks have a garbage collection on top of their stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from gilprof.facts.arrays import Bools, Ids, Rows
from gilprof.facts.passes import domains_of
from gilprof.model import NONE, IntPairs, LookArray, PassArray, PassFlag


class Collections:
    """Follows ``gc.collecting`` of each GIL domain."""

    def __init__(self, stacks: Callable[[], IntPairs]) -> None:
        """``stacks``: (parent stack id, frame id) of every stack so far."""
        self._stacks = stacks
        self._domains: dict[int, _Collection] = {}

    def trace(self, passes: PassArray, looks: LookArray) -> Bools:
        """For each look, whether a collection that its thread set off runs on top of its stack."""
        ends = np.cumsum(passes["look_count"], dtype=np.int64)
        out = np.zeros(len(looks), np.bool_)
        for number in domains_of(passes["domain"]):
            collection = self._domains.setdefault(number, _Collection(self._stacks))
            for row in collection.rows(passes, np.flatnonzero(passes["domain"] == number)):
                mine = slice(ends[row] - passes["look_count"][row], ends[row])
                out[mine] = collection.on_top(passes[row], looks["thread"][mine], looks["stack"][mine])
        return out


class _Collection:
    """The thread that had the GIL when ``gc.collecting`` was first seen set is the collector.

    That is sure if the GIL has not changed hands since the pass before. Else a callback of the collection may
    have given it up already: the collector is the next one that gets it. ``<GC>`` stands on the stack that set
    the collection off; while a finalizer or a callback runs, its own frames are on top. On any other stack, that
    collection is over, and the holder has begun another one.
    """

    def __init__(self, stacks: Callable[[], IntPairs]) -> None:
        self._stacks = stacks
        self._collecting = False
        self._collector = NONE
        self._stack = NONE
        self._sure = False
        self._switch_number = -1
        self._switched = False

    def rows(self, passes: PassArray, mine: Rows) -> Iterator[int]:
        """Those of ``mine``, in turn, that ``on_top`` is to be asked of: a collection goes on at them, or ends."""
        collecting = (passes["flags"][mine] & PassFlag.COLLECTING) != 0
        numbers = passes["switch_number"][mine].astype(np.int64)
        switched = np.diff(numbers, prepend=self._switch_number) != 0
        for at in np.flatnonzero(collecting | np.append(self._collecting, collecting)[:-1]).tolist():
            self._switched = bool(switched[at])
            yield int(mine[at])
        if len(mine):
            self._collecting = bool(collecting[-1])
            self._switch_number = int(numbers[-1])

    def on_top(self, row: np.void, thread: Ids, stack: Ids) -> Bools:
        """Of a row's looks, those of the collector on the stack that set the collection off."""
        if not row["flags"] & PassFlag.COLLECTING:
            self._collector = NONE
            return np.zeros(len(thread), np.bool_)
        stack_of = dict(zip(thread.tolist(), stack.tolist(), strict=True))
        holder = int(row["holder"])
        doubtful = self._switched and not self._sure and holder >= 0
        if self._collector < 0 or doubtful or self._is_over(stack_of.get(self._collector, NONE)):
            self._collector, self._sure = holder, not self._switched
            self._stack = stack_of.get(holder, NONE)
        out: Bools = (thread == self._collector) & (stack == self._stack) & (self._collector >= 0)
        return out

    def _is_over(self, stack: int) -> bool:
        """Whether the collector has left the stack that set the collection off: a child's id is greater than its
        parent's."""
        parents = self._stacks()
        while max(self._stack, NONE) < stack < len(parents):
            stack = int(parents[stack][0])
        return NONE < stack < self._stack
