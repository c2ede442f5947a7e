"""The own frame of each stack, found for many at once, is the one that a walk along each stack finds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gilprof.facts.user_code import OwnStacks, Whose
from gilprof.model import NONE

STACK = st.tuples(st.integers(-3, 40), st.sampled_from(list(Whose)))


def walked(parents: list[int], kinds: list[Whose]) -> list[int]:
    """By hand: a parent that is no earlier stack is none."""
    found = []
    for number in range(len(parents)):
        way, at = [number], number
        while 0 <= parents[at] < at:
            at = parents[at]
            way.append(at)
        own = [stack for stack in way if kinds[stack] is Whose.OWN]
        installed = [stack for stack in way if kinds[stack] is Whose.INSTALLED]
        outermost = [stack for stack in reversed(way) if kinds[stack] is not Whose.BOOTSTRAP]
        found.append([*own, *installed, *outermost, number][0])
    return found


@given(st.lists(STACK, max_size=40), st.lists(st.integers(0, 40), max_size=3))
def test_as_a_walk_finds_it(stacks: list[tuple[int, Whose]], cuts: list[int]) -> None:
    parents, kinds = [parent for parent, _ in stacks], [kind for _, kind in stacks]
    found = OwnStacks()
    bounds = sorted({0, len(stacks), *(cut for cut in cuts if cut < len(stacks))})
    for begin, end in pairwise(bounds):
        found.extend(np.array(parents[begin:end], np.int64), np.array(kinds[begin:end], np.int64))
    assert found.stack.tolist() == walked(parents, kinds)


def test_nothing() -> None:
    found = OwnStacks()
    found.extend(np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert len(found.stack) == 0
    assert NONE not in found.stack
