"""What a recording defines, so far: checks every id, and renumbers where definitions were lost.

Whoever reads the batches may trust them: threads are defined before they are referred to, a stack's parent
has a smaller id (no cycles), every id is within its table, and time does not run backwards.

With salvage, the definitions of damaged chunks are missing. What remains is numbered anew, without holes; a
stack with a missing part is left out, looks at it become ``UNREADABLE``, and a missing thread is made up.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gilprof.model import NONE, UNREADABLE, Function, IntPairs, LookArray, PassArray, ThreadSeen
from gilprof.recording.format import (
    MAX_DOMAINS,
    MAX_FRAMES,
    MAX_FUNCTIONS,
    MAX_STACKS,
    MAX_THREADS,
    MAX_TIME_NS,
    DamageError,
)

FIRST_THREAD_IDS = 65_536
"""Thread ids may be below this in any recording, else below twice the number of threads defined: tables by
thread id stay in proportion to the file."""
UNKNOWN_TID = -1
"""The kernel's id of a thread whose definition was lost."""

Ids = npt.NDArray[np.int32]


class IdMap:
    """The file's ids of one table, and which row of those that are left each one is."""

    def __init__(self, what: str, limit: int, salvage: bool) -> None:
        self._what = what
        self._limit = limit
        self._salvage = salvage
        self._rows = np.zeros(0, np.int32)
        self._kept = 0

    def place(self, first: int, count: int) -> None:
        """Check that ``count`` rows may come next, from id ``first`` on; ids left out are lost."""
        if not len(self._rows) <= first <= self._limit - count:
            raise DamageError(f"its {self._what} begin at {first}, not at {len(self._rows)}")
        if first > len(self._rows) and not self._salvage:
            raise DamageError(f"the {self._what} before number {first} are missing")

    def add(self, first: int, kept: npt.NDArray[np.bool_]) -> None:
        """Rows from id ``first`` on, which ``place`` has let in; those not ``kept`` are lost."""
        rows = np.full(first + len(kept) - len(self._rows), UNREADABLE, np.int32)
        rows[len(rows) - len(kept) :][kept] = self._kept + np.arange(np.count_nonzero(kept))
        self._rows = np.concatenate([self._rows, rows])
        self._kept += int(np.count_nonzero(kept))

    def look_up(self, ids: Ids) -> Ids:
        """The rows of ``ids``, which are 0 or more; ``UNREADABLE`` for lost ones.

        Raises DamageError, without salvage only.
        """
        known = ids < len(self._rows)
        out = np.full(len(ids), UNREADABLE, np.int32)
        out[known] = self._rows[ids[known]]
        if not self._salvage and not known.all():
            raise DamageError(f"it refers to {self._what} that are not defined")
        return out


class Tables:
    """The definitions of one recording. Each method takes one chunk's content; all raise DamageError and then
    have changed nothing."""

    def __init__(self, salvage: bool) -> None:
        self._salvage = salvage
        self._functions = IdMap("functions", MAX_FUNCTIONS, salvage)
        self._frames = IdMap("frames", MAX_FRAMES, salvage)
        self._stacks = IdMap("stacks", MAX_STACKS, salvage)
        self._threads = np.zeros(FIRST_THREAD_IDS, np.bool_)
        self._thread_count = 0
        self._last_t_ns = 0

    def threads(self, threads: Sequence[ThreadSeen]) -> None:
        """Define threads, or tell their names and ends anew."""
        self._define(np.array([thread.id for thread in threads], np.int64))

    def functions(self, first: int, functions: Sequence[Function]) -> None:
        """Define functions."""
        self._functions.place(first, len(functions))
        self._functions.add(first, np.ones(len(functions), np.bool_))

    def frames(self, first: int, frames: IntPairs) -> IntPairs:
        """Define frames; those that are left, with their functions' rows."""
        self._frames.place(first, len(frames))
        function, line = frames.T
        if (function < 0).any():
            raise DamageError("one of its frames has no function")
        function = self._functions.look_up(function)
        kept = function >= 0
        self._frames.add(first, kept)
        return np.stack([function[kept], line[kept]], axis=1)

    def stacks(self, first: int, stacks: IntPairs) -> IntPairs:
        """Define stacks; those that are left, with the rows of their parents and frames."""
        self._stacks.place(first, len(stacks))
        parent, frame = stacks.T
        if (frame < 0).any() or (parent < NONE).any() or (parent >= first + np.arange(len(stacks))).any():
            raise DamageError("one of its stacks has no frame, or a parent that comes after it")
        frame = self._frames.look_up(frame)
        outside = (parent >= 0) & (parent < first)
        kept = frame >= 0
        kept[outside] &= self._stacks.look_up(parent[outside]) >= 0
        if not kept.all():
            for row in np.flatnonzero(parent >= first):
                kept[row] &= kept[parent[row] - first]
        self._stacks.add(first, kept)
        parent, frame = parent[kept], frame[kept]
        has_parent = parent >= 0
        parent[has_parent] = self._stacks.look_up(parent[has_parent])
        return np.stack([parent, frame], axis=1)

    def facts(self, passes: PassArray, looks: LookArray) -> tuple[ThreadSeen, ...]:
        """Check passes and looks, put the rows of their stacks in; threads that had to be made up."""
        t_ns = np.concatenate([[self._last_t_ns], passes["t_ns"]])
        if (t_ns[1:] < t_ns[:-1]).any() or t_ns[-1] >= MAX_TIME_NS:
            raise DamageError("its time runs backwards, or too far")
        if (passes["domain"] < NONE).any() or (passes["domain"] >= MAX_DOMAINS).any():
            raise DamageError("one of its GIL domains is out of range")
        negative = (passes["holder"] < UNREADABLE).any() or (looks["stack"] < UNREADABLE).any()
        if negative or (looks["thread"] < 0).any():
            raise DamageError("it refers to something by a negative number")
        has_stack = looks["stack"] >= 0
        stacks = self._stacks.look_up(looks["stack"][has_stack])
        made_up = self._missing(np.concatenate([looks["thread"], passes["holder"][passes["holder"] >= 0]]))
        self._define(made_up)
        looks["stack"][has_stack] = stacks
        self._last_t_ns = int(t_ns[-1])
        return tuple(ThreadSeen(int(number), UNKNOWN_TID, f"thread {number}") for number in made_up)

    def _missing(self, threads: Ids) -> npt.NDArray[np.int64]:
        """Those that are not defined. Raises DamageError, without salvage only."""
        numbers = np.unique(threads).astype(np.int64)
        known = numbers < len(self._threads)
        known[known] &= self._threads[numbers[known]]
        if not self._salvage and not known.all():
            raise DamageError("it refers to threads that are not defined")
        return numbers[~known]

    def _define(self, threads: npt.NDArray[np.int64]) -> None:
        numbers = np.unique(threads)
        count = self._thread_count + len(numbers)
        limit = min(max(FIRST_THREAD_IDS, 2 * count), MAX_THREADS)
        if len(numbers) and (numbers[0] < 0 or numbers[-1] >= limit):
            raise DamageError("one of its threads has a number that is out of range")
        if limit > len(self._threads):
            self._threads = np.concatenate([self._threads, np.zeros(limit - len(self._threads), np.bool_)])
        self._thread_count += int(np.count_nonzero(~self._threads[numbers]))
        self._threads[numbers] = True
