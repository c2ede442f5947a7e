"""Stacks as a forest: what stands on which stack, found for all stacks at once without walking each of them.

``parent`` (S,) is the stack that each stands on, of a lower number than its own; ``NONE``: none.
"""

from __future__ import annotations

import numpy as np

from gilprof.facts.arrays import Bools, Rows
from gilprof.model import NONE


def nearest(parent: Rows, marked: Bools) -> Rows:
    """(S,) the innermost marked stack on the way from each stack outwards, itself included; ``NONE``."""
    size = len(parent)
    jump = np.append(np.where(marked, np.arange(size), _outwards(parent)), size)
    while True:
        further = jump[jump]
        if np.array_equal(further, jump):
            break
        jump = further
    found = jump[:size]
    return np.where(found < size, found, NONE)


def outermost(parent: Rows, marked: Bools) -> Rows:
    """(S,) the outermost marked stack on the way from each stack outwards, itself included; ``NONE``."""
    return nearest(parent, marked & (path_sums(parent, marked.astype(np.int64)) == 1))


def path_sums(parent: Rows, values: Rows) -> Rows:
    """(S,) the sum of ``values`` (S,) from each stack to its outermost frame."""
    size = len(parent)
    sums = np.append(values, 0)
    jump = np.append(_outwards(parent), size)
    while (jump < size).any():
        sums = sums + sums[jump]
        jump = jump[jump]
    return sums[:size]


def _outwards(parent: Rows) -> Rows:
    return np.where(parent >= 0, parent, len(parent))
