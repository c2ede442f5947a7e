"""A number for each stack, from its functions from the outermost to the innermost; each stack is walked once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from gilprof.facts.arrays import Rows
from gilprof.facts.definitions import Definitions
from gilprof.model import NONE, Function

Step = Callable[[int, int, Function | None], int]
"""(the parent stack's mark, the function's number, the function) to the stack's mark; the function is None where it is
not known."""


class StackMarks:
    """Marks as ``step`` says; ``outermost`` is the mark of no frames at all."""

    def __init__(self, definitions: Definitions, step: Step, outermost: int) -> None:
        self._definitions = definitions
        self._step = step
        self._outermost = outermost
        self._marks: list[int] = []
        self._array = np.zeros(0, np.int64)

    def of(self, stacks: npt.NDArray[np.integer], otherwise: int) -> Rows:
        """The mark of each stack; ``otherwise`` of those that are not known, ``outermost`` of ``NONE``."""
        self._take_in()
        out = np.full(len(stacks), otherwise, np.int64)
        known = (stacks >= 0) & (stacks < len(self._array))
        out[known] = self._array[stacks[known]]
        out[stacks == NONE] = self._outermost
        return out

    def _take_in(self) -> None:
        """Go on with the stacks that have been defined since."""
        table, begin = self._definitions.stacks, len(self._marks)
        if len(table) == begin:
            return
        frames, functions = self._definitions.frames, self._definitions.functions
        for number, (parent, frame) in enumerate(table[begin:].tolist(), begin):
            function = int(frames[frame, 0]) if 0 <= frame < len(frames) else NONE
            known = functions[function] if 0 <= function < len(functions) else None
            before = self._marks[parent] if 0 <= parent < number else self._outermost
            self._marks.append(self._step(before, function, known))
        self._array = np.array(self._marks, np.int64)
