"""A tree as boxes under boxes, each as wide as its share: a flame graph that stands on its head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

Path = tuple[int, ...]
"""The keys from the root's child to a branch; (): the root."""


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """A box: its children are drawn below it, the largest first. Trees may be deeper than Python recurses."""

    key: int
    label: str
    value: float
    style: str
    children: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """A branch on the screen, in cells."""

    path: Path
    branch: Branch
    depth: int
    left: int
    width: int


class Icicle(ScrollView, can_focus=True):
    """Zooms in and out, with the keys or the mouse; where one stands outlives new figures."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"icicle--cursor", "icicle--edge", "icicle--dim"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "outwards", show=False),
        Binding("down,j", "inwards", show=False),
        Binding("left,h", "beside(-1)", show=False),
        Binding("right,l", "beside(1)", show=False),
        Binding("enter,z", "zoom", show=False),
        Binding("backspace,u", "unzoom", show=False),
        Binding("home", "top", show=False),
    ]

    class Selected(Message):
        """The cursor went to another box, or its figures changed."""

        def __init__(self, path: Path, branch: Branch, root: Branch) -> None:
            super().__init__()
            self.path = path
            self.branch = branch
            self.root = root

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._root = Branch(0, "", 0.0, "")
        self._zoom: Path = ()
        self._cursor: Path = ()
        self._levels: list[list[Box]] = []

    @property
    def cursor(self) -> Path:
        """Where the cursor is."""
        return self._cursor

    @property
    def zoomed(self) -> Path:
        """The box that has the whole width."""
        return self._zoom

    def show(self, root: Branch) -> None:
        """Show another tree, or the same one with new figures."""
        self._root = root
        self._zoom = self._reachable(self._zoom)
        self._cursor = self._reachable(self._cursor)
        self._lay_out()

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width, depth = self.size.width, y + self.scroll_offset.y
        base = self.rich_style
        boxes = self._levels[depth] if depth < len(self._levels) else []
        segments, at = [], 0
        edge = self.get_component_rich_style("icicle--edge", partial=True)
        for number, box in enumerate(boxes):
            if box.left > at:
                segments.append(Segment(" " * (box.left - at), base))
            style = base + Style.parse(box.branch.style)
            if number % 2:
                style += edge
            if box.path == self._cursor:
                style = base + self.get_component_rich_style("icicle--cursor")
            segments.append(Segment(_label(box), style))
            at = box.left + box.width
        return Strip(segments).adjust_cell_length(width, base)

    def action_outwards(self) -> None:
        """To the caller."""
        if self._cursor:
            self._go(self._cursor[:-1])

    def action_inwards(self) -> None:
        """To the largest callee."""
        here = self._branch(self._cursor)
        if here is not None and here.children:
            self._go((*self._cursor, here.children[0].key))

    def action_beside(self, by: int) -> None:
        """To the next box of the same depth."""
        depth = len(self._cursor)
        if depth < len(self._levels):
            paths = [box.path for box in self._levels[depth]]
            if self._cursor in paths:
                self._go(paths[max(0, min(paths.index(self._cursor) + by, len(paths) - 1))])

    def action_zoom(self) -> None:
        """Give the box under the cursor the whole width."""
        self._zoom = self._cursor
        self._lay_out()

    def action_unzoom(self) -> None:
        """One step back."""
        self._zoom = self._zoom[:-1]
        self._lay_out()

    def action_top(self) -> None:
        """Show everything again."""
        self._zoom = self._cursor = ()
        self._lay_out()

    def on_click(self, event: events.Click) -> None:
        """The cursor goes there; a second click zooms."""
        depth = event.y + self.scroll_offset.y
        for box in self._levels[depth] if depth < len(self._levels) else ():
            if box.left <= event.x < box.left + box.width:
                if box.path == self._cursor:
                    self.action_zoom()
                else:
                    self._go(box.path)

    def on_resize(self) -> None:
        """The boxes get their widths anew."""
        self._lay_out()

    def _go(self, path: Path) -> None:
        if path[: len(self._zoom)] != self._zoom and self._zoom[: len(path)] != path:
            self._zoom = ()
        elif len(path) < len(self._zoom):
            self._zoom = path
        self._cursor = path
        self._lay_out()
        top, height = self.scroll_offset.y, max(self.size.height, 1)
        if not top <= len(path) < top + height:
            self.scroll_to(y=max(0, len(path) - height // 2), animate=False, force=True)

    def _lay_out(self) -> None:
        self._levels = levels(self._root, self._zoom, self.size.width)
        self.virtual_size = Size(self.size.width, len(self._levels))
        self.refresh(Region(0, 0, *self.size))
        branch = self._branch(self._cursor)
        if branch is not None:
            self.post_message(self.Selected(self._cursor, branch, self._root))

    def _branch(self, path: Path) -> Branch | None:
        branch: Branch | None = self._root
        for key in path:
            branch = next((child for child in branch.children if child.key == key), None) if branch else None
        return branch

    def _reachable(self, path: Path) -> Path:
        while self._branch(path) is None:
            path = path[:-1]
        return path


def levels(root: Branch, zoom: Sequence[int], width: int) -> list[list[Box]]:
    """Boxes by depth, from left to right. What leads to ``zoom`` has the whole width; boxes of less than a cell
    are left out."""
    out: list[list[Box]] = []
    branch: Branch = root
    path: Path = ()
    for key in zoom:
        out.append([Box(path, branch, len(out), 0, width)])
        branch = next(child for child in branch.children if child.key == key)
        path = (*path, key)
    layer = [Box(path, branch, len(out), 0, width)]
    while layer and width > 0:
        out.append(layer)
        layer = [box for parent in layer for box in _children(parent)]
    return out


def _children(parent: Box) -> Iterator[Box]:
    """Edges are rounded, not widths, so that boxes stay side by side."""
    if parent.branch.value <= 0:
        return
    scale = parent.width / parent.branch.value
    at = 0.0
    for child in parent.branch.children:
        left, right = round(at * scale), round((at + child.value) * scale)
        at += child.value
        if right > left:
            yield Box((*parent.path, child.key), child, parent.depth + 1, parent.left + left, right - left)


def _label(box: Box) -> str:
    """The box's cells: an edge, so that boxes can be told apart without colour, and as much as fits of its name."""
    if box.width < 3:
        return "▏".ljust(box.width)
    label, room = box.branch.label, box.width - 2
    if cell_len(label) > room:
        label = f"{set_cell_size(label, room - 1)}…" if room > 1 else ""
    return f"▏{set_cell_size(label, room)} "
