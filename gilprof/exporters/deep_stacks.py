"""Stacks that are deeper than anybody looks at, cut in their middle, with a mark where the cut is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gilprof.exporters.stack_table import LEFT_OUT, MAX_FRAMES
from gilprof.exporters.stack_times import StackTimes, with_parents
from gilprof.model import NONE

_OUTER = MAX_FRAMES // 2
_INNER = MAX_FRAMES - _OUTER - 1
"""The frames that are kept at either end of a stack, beside the mark between them."""


def cut_deep(times: StackTimes) -> StackTimes:
    """``times``, with ``LEFT_OUT`` instead of what is in the middle of stacks of more than ``MAX_FRAMES`` frames."""
    parent, function, line = times.parent.tolist(), times.function.tolist(), times.line.tolist()
    depth, outer = _depths(parent)
    deep = [stack for stack in np.unique(times.stack).tolist() if depth[stack] > MAX_FRAMES]
    if not deep:
        return times
    made: dict[tuple[int, int, int], int] = {}
    moved = np.arange(len(parent))
    for stack in deep:
        frames, at = [], stack
        for _ in range(_INNER):
            frames.append((function[at], line[at]))
            at = parent[at]
        row = outer[stack]
        for frame in [(len(times.functions), 0), *reversed(frames)]:
            key = (row, *frame)
            row = made.get(key, len(parent))
            if row == len(parent):
                made[key] = row
                for column, value in zip((parent, function, line), key, strict=True):
                    column.append(value)
        moved[stack] = row
    all_parents, stack_of = np.array(parent, np.int64), moved[times.stack]
    used = with_parents(np.unique(stack_of), all_parents)
    return replace(
        times,
        functions=(*times.functions, (LEFT_OUT, None, None)),
        parent=np.where(all_parents[used] == NONE, NONE, np.searchsorted(used, all_parents[used])),
        function=np.array(function, np.int64)[used],
        line=np.array(line, np.int64)[used],
        stack=np.searchsorted(used, stack_of),
    )


def _depths(parent: list[int]) -> tuple[list[int], list[int]]:
    """How many frames each stack has, and the last of its outer frames; a parent's number is below its children's."""
    depth: list[int] = []
    outer: list[int] = []
    for stack, below in enumerate(parent):
        depth.append(1 if below == NONE else depth[below] + 1)
        outer.append(stack if depth[stack] <= _OUTER else outer[below])
    return depth, outer
