"""Stacks as a forest: what stands on which stack, without walking each of them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from gilprof.facts.arrays import Floats, Rows
from gilprof.facts.definitions import Definitions, looked_up
from gilprof.facts.forest import path_sums
from gilprof.model import NONE

Flags = npt.NDArray[np.bool_]


class Forest:
    """Rows by stack id: each is a frame on its parent stack. S rows.

    A parent's id is lower than its children's, as it is interned first; a row that says otherwise (a
    damaged or forged recording) stands as an outermost frame. Frames and functions that do not exist are
    ``unreadable``.
    """

    def __init__(self, definitions: Definitions, row_of: Rows, unreadable: int) -> None:
        """``row_of``: the function row of each function id; ``unreadable``: the row for what is not there."""
        stacks, frames = definitions.stacks, definitions.frames
        self.size = len(stacks)
        ids = np.arange(self.size)
        parent = stacks[:, 0].astype(np.int64)
        self.parent = np.where((parent >= 0) & (parent < ids), parent, NONE)
        """(S,) the stack that each stands on; ``NONE``: none."""
        functions = looked_up(frames[:, 0], row_of, unreadable)
        self.function = looked_up(stacks[:, 1], functions, unreadable)
        """(S,) function row of the innermost frame."""
        self.line = looked_up(stacks[:, 1], np.maximum(frames[:, 1].astype(np.int64), 0), 0)
        """(S,) its line; 0: unknown."""
        depth = path_sums(self.parent, np.ones(self.size, np.int64))
        by_depth = np.argsort(depth, kind="stable")
        bounds = np.searchsorted(depth[by_depth], np.arange(1, int(depth.max(initial=0)) + 2))
        self._levels = [by_depth[a:b] for a, b in pairwise(bounds)]

    def totals(self, values: Floats, functions: int) -> Floats:
        """(functions, k): the sums of ``values`` (S, k) over the stacks on which each function stands, once
        each however often it does."""
        inside = values.copy()
        for level in reversed(self._levels[1:]):
            np.add.at(inside, self.parent[level], inside[level])
        first = self._first_of_function()
        out = np.zeros((functions, values.shape[1]))
        np.add.at(out, self.function[first], inside[first])
        return out

    def _first_of_function(self) -> Flags:
        """(S,) the frame's function does not stand further out as well.

        Stacks get numbers in preorder, so that what stands on a stack is one run of numbers behind its own;
        in the order of these numbers a function's frame is inside another one's run where a run begun before
        it ends behind it.
        """
        sizes = np.ones(self.size, np.int64)
        for level in reversed(self._levels[1:]):
            np.add.at(sizes, self.parent[level], sizes[level])
        number = np.zeros(self.size, np.int64)
        for depth, level in enumerate(self._levels):
            siblings = level[np.argsort(self.parent[level], kind="stable")]
            before = np.cumsum(sizes[siblings]) - sizes[siblings]
            if depth == 0:
                number[siblings] = before
                continue
            parent = self.parent[siblings]
            first_sibling = np.searchsorted(parent, parent, side="left")
            number[siblings] = number[parent] + 1 + before - before[first_sibling]
        order = np.lexsort((number, self.function))
        base = self.function[order] * (self.size + 1)
        ends = np.maximum.accumulate(base + (number + sizes)[order]) if self.size else base
        first = np.ones(self.size, np.bool_)
        first[order[1:]] = ends[:-1] <= (base + number[order])[1:]
        return first
