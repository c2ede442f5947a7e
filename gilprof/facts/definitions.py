"""What the ids in the facts refer to, gathered from the batches in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from gilprof.facts.arrays import Rows
from gilprof.model import NONE, Batch, Function, GilDomain, IntPairs, ThreadSeen


class Definitions:
    """Threads, functions, frames, stacks and GIL domains of one profile; grows with every batch, never forgets."""

    def __init__(self, domains: Iterable[GilDomain] = ()) -> None:
        """``domains``: those that are there from the start."""
        self.domains = {domain.id: domain for domain in domains}
        self.threads: dict[int, ThreadSeen] = {}
        self.thread_ids = 0
        """All ids of threads so far are below, also of those that ``threads`` has lost since."""
        self.functions: list[Function] = []
        self._frames = np.empty((0, 2), np.int32)
        self._stacks = np.empty((0, 2), np.int32)
        self._new_frames: list[IntPairs] = []
        self._new_stacks: list[IntPairs] = []

    def add(self, batch: Batch) -> None:
        """Take in what ``batch`` newly defines."""
        for thread in batch.threads:
            self.threads[thread.id] = thread
            self.thread_ids = max(self.thread_ids, thread.id + 1)
        for domain in batch.domains:
            self.domains[domain.id] = domain
        self.functions.extend(batch.functions)
        if len(batch.frames):
            self._new_frames.append(batch.frames)
        if len(batch.stacks):
            self._new_stacks.append(batch.stacks)

    @property
    def frames(self) -> IntPairs:
        """int32 (n, 2): function id and line (0: unknown) of each frame id."""
        if self._new_frames:
            self._frames = np.concatenate([self._frames, *self._new_frames])
            self._new_frames = []
        return self._frames

    @property
    def stacks(self) -> IntPairs:
        """int32 (n, 2): parent stack id (``NONE``: outermost) and frame id of each stack id."""
        if self._new_stacks:
            self._stacks = np.concatenate([self._stacks, *self._new_stacks])
            self._new_stacks = []
        return self._stacks

    def innermost(self, stacks: Rows) -> Rows:
        """The innermost frame of each stack; ids that are not defined stay as they are."""
        return _or_itself(stacks, self.stacks[:, 1])

    def functions_of(self, frames: Rows) -> Rows:
        """The function of each frame; ids that are not defined stay as they are."""
        return _or_itself(frames, self.frames[:, 0])

    def place(self, frame: int) -> tuple[int, int] | None:
        """(function id, line; 0: unknown) of a frame; None where it, or its function, is not defined."""
        if not 0 <= frame < len(self.frames):
            return None
        function, line = self.frames[frame].tolist()
        return (function, max(line, 0)) if 0 <= function < len(self.functions) else None

    def copy(self) -> Definitions:
        """What is known by now; later batches change nothing in it."""
        out = Definitions(self.domains.values())
        out.threads, out.functions = dict(self.threads), list(self.functions)
        out.thread_ids = self.thread_ids
        out._frames, out._stacks = self.frames, self.stacks
        return out

    def walk(self, stack: int) -> Iterator[tuple[int, int]]:
        """(function id, line) of each frame of ``stack``, innermost first; nothing for a negative id."""
        frames, stacks = self.frames, self.stacks
        while stack > NONE:
            parent, frame = stacks[stack]
            function, line = frames[frame]
            yield int(function), int(line)
            stack = int(parent)


def looked_up(ids: npt.NDArray[np.int32], table: Rows, missing: int) -> Rows:
    """``table[ids]``, and ``missing`` where there is no such row."""
    there = (ids >= 0) & (ids < len(table))
    out = np.full(len(ids), missing, np.int64)
    out[there] = table[ids[there]]
    return out


def _or_itself(ids: Rows, table: npt.NDArray[np.int32]) -> Rows:
    out = ids.copy()
    known = (ids >= 0) & (ids < len(table))
    out[known] = table[ids[known]]
    return out
