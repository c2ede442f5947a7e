"""Bars, columns and boxes: exactly as many cells as there are."""

from __future__ import annotations

import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gilprof.tui.widgets.bar import Bar, cells
from gilprof.tui.widgets.icicle import Branch, levels
from gilprof.tui.widgets.spark import spark, sparks


@st.composite
def shares(draw: st.DrawFn) -> list[float]:
    parts = draw(st.lists(st.floats(0, 1), min_size=1, max_size=6))
    return [part / max(sum(parts), 1.0) for part in parts]


@given(shares(), st.integers(0, 200))
def test_a_bar_is_as_wide_as_it_is_to_be(parts: list[float], width: int) -> None:
    counts = cells(parts, width)
    assert sum(counts) == width
    assert all(count >= 0 for count in counts)
    if width > 2 * len(parts):
        assert all(count for count, share in zip(counts, parts, strict=False) if share > 0)
    for count, share in zip(counts, parts, strict=False):
        assert abs(count - share * width) <= len(parts)


def test_pieces_of_a_bar() -> None:
    bar = Bar((0.5, 0.25), (("#", "red"), ("+", "blue"), (".", "")))
    assert bar.pieces(8) == [("####", "red"), ("++", "blue"), ("..", "")]


@pytest.mark.parametrize(
    ("values", "width", "shown"),
    [([], 3, "   "), ([0.0, 0.001, 0.5, 1.0], 4, " ▁▄█"), ([9.0], 2, " █"), ([1.0, 0.0], 1, " "), ([1.0], 0, "")],
)
def test_spark(values: list[float], width: int, shown: str) -> None:
    assert spark(values, width, 1.0) == shown


def test_columns_of_several_rows() -> None:
    assert sparks([0.25, 0.5, 1.0], 3, 1.0, 2) == ["  █", "▄██"]


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> Branch:
    children = tuple(draw(st.lists(trees(depth - 1), max_size=3))) if depth else ()
    children = tuple(Branch(number, "f", c.value, "", c.children) for number, c in enumerate(children))
    own = draw(st.floats(0.001, 10))
    return Branch(-1, "f", own + sum(child.value for child in children), "", children)


@given(trees(), st.integers(1, 120))
def test_boxes_lie_inside_their_parents_and_beside_each_other(root: Branch, width: int) -> None:
    layers = levels(root, (), width)
    for above, layer in pairwise(layers):
        at = 0
        parents = {box.path: box for box in above}
        for box in layer:
            parent = parents[box.path[:-1]]
            assert box.left >= at
            assert parent.left <= box.left < box.left + box.width <= parent.left + parent.width
            at = box.left + box.width


def test_a_tree_deeper_than_python_recurses() -> None:
    branch = Branch(1, "leaf", 1.0, "")
    for _ in range(3 * sys.getrecursionlimit()):
        branch = Branch(1, "f", 1.0, "", (branch,))
    assert len(levels(branch, (), 10)) == 3 * sys.getrecursionlimit() + 1


def test_a_zoomed_box_has_the_whole_width() -> None:
    root = Branch(-1, "all", 4.0, "", (Branch(1, "a", 3.0, ""), Branch(2, "b", 1.0, "", (Branch(3, "c", 0.5, ""),))))
    (_, zoomed), inner = [layer[0] for layer in levels(root, (2,), 40)[:2]], levels(root, (2,), 40)[2]
    assert (zoomed.path, zoomed.width) == ((2,), 40)
    assert [(box.path, box.left, box.width) for box in inner] == [((2, 3), 0, 20)]
