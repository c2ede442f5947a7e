"""Stacks by what a slice says of them, and their frames, cut where they are deeper than other tools bear."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gilprof.exporters.stack_times import with_pseudo_frames
from gilprof.facts.arrays import Rows
from gilprof.model import NONE
from gilprof.report.build import Profiled
from gilprof.report.functions import FunctionTable

MAX_FRAMES = 500
LEFT_OUT = "<frames left out>"
Frame = tuple[int, int]
"""Row of ``functions`` and line (0: unknown)."""


class StackTable:
    """Every stack that the profile has a look at, pseudo-frames included."""

    def __init__(self, profile: Profiled) -> None:
        nodes = profile.sums().nodes
        table = FunctionTable(profile.definitions, profile.info.stdlib)
        parent, function, line, row = with_pseudo_frames(nodes, table, profile.definitions)
        self.functions: tuple[tuple[str, str | None, int | None], ...] = (*table.keys, (LEFT_OUT, None, None))
        """Name, file, first line; as the target has them: not fit to be shown as they are."""
        self._parent: list[int] = parent.tolist()
        self._frame: list[Frame] = list(zip(function.tolist(), line.tolist(), strict=True))
        self._keys, first = np.unique(_keys(nodes.stack, nodes.gc), return_index=True)
        self._rows = row[first]

    def rows(self, stack: npt.NDArray[np.int32], gc: npt.NDArray[np.bool_]) -> Rows:
        """The row of each pair; such as the profile has."""
        found: Rows = self._rows[np.searchsorted(self._keys, _keys(stack, gc))]
        return found

    def top(self, row: int) -> Frame:
        """The innermost frame."""
        return self._frame[row]

    def frames(self, row: int) -> list[Frame]:
        """Outermost first."""
        return cut_frames(self._parent, self._frame, row, (len(self.functions) - 1, 0))


def cut_frames(parent: list[int], frame: list[Frame], row: int, left_out: Frame) -> list[Frame]:
    """The frames from the outermost to ``row``; of more than ``MAX_FRAMES`` both ends, with ``left_out`` between."""
    found = []
    while row != NONE:
        found.append(frame[row])
        row = parent[row]
    found.reverse()
    if len(found) > MAX_FRAMES:
        outer = MAX_FRAMES // 2
        found[outer : len(found) - (MAX_FRAMES - outer - 1)] = [left_out]
    return found


def _keys(stack: npt.NDArray[np.int32], gc: npt.NDArray[np.bool_]) -> Rows:
    return stack.astype(np.int64) * 2 + gc
