"""Functions over all threads: which there are, which are the user's own, and where each node stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gilprof.analysis.sums import NodeSums
from gilprof.facts.arrays import Rows
from gilprof.facts.definitions import Definitions
from gilprof.facts.user_code import OwnStacks, Whose, whose
from gilprof.model import NONE
from gilprof.report.names import GC, NO_FRAME, UNREADABLE_STACK
from gilprof.report.stacks import Flags, Forest


class FunctionTable:
    """Rows by (name, file, first line), whatever the number of code objects; pseudo-functions first."""

    def __init__(self, definitions: Definitions, stdlib: Iterable[str]) -> None:
        pseudo = [(NO_FRAME, None, None), (GC, None, None), (UNREADABLE_STACK, None, None)]
        self.no_frame, self.gc, self.unreadable = 0, 1, 2
        rows: dict[tuple[str, str | None, int | None], int] = {key: row for row, key in enumerate(pseudo)}
        kinds = [Whose.BOOTSTRAP] * len(pseudo)
        row_of = np.empty(len(definitions.functions), np.int64)
        folders = tuple(stdlib)
        for number, function in enumerate(definitions.functions):
            line = function.first_line if function.first_line >= 0 else None
            key = (function.name, function.file, line)
            row = rows.setdefault(key, len(rows))
            if row == len(kinds):
                kinds.append(whose(function, folders))
            row_of[number] = row
        self.keys = list(rows)
        """Name, file, first line."""
        self.kind = np.array(kinds, np.int64)
        """``Whose`` code each is; pseudo-functions say as little about what a thread is for as a bootstrap does."""
        self.own: Flags = self.kind == Whose.OWN
        self.installed: Flags = self.kind == Whose.INSTALLED
        """An installed package's."""
        self.row_of = row_of
        """The row of each function id."""

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, slots=True)
class NodePlaces:
    """Where each node stands: function rows and lines (0: unknown), N rows each."""

    top: Rows
    top_line: Rows
    own: Rows
    own_line: Rows


def place(nodes: NodeSums, table: FunctionTable, forest: Forest) -> NodePlaces:
    """The top and the own function of each node."""
    own_stacks = OwnStacks()
    own_stacks.extend(forest.parent, table.kind[forest.function])
    stack = nodes.stack.astype(np.int64)
    stack = np.where(stack < forest.size, stack, NONE - 1)
    readable = stack >= 0
    top = np.where(stack == NONE, table.no_frame, table.unreadable)
    own, top_line, own_line = top.copy(), np.zeros_like(top), np.zeros_like(top)
    at, own_at = stack[readable], own_stacks.stack[stack[readable]]
    top[readable], top_line[readable] = forest.function[at], forest.line[at]
    own[readable], own_line[readable] = forest.function[own_at], forest.line[own_at]
    top[nodes.gc], top_line[nodes.gc] = table.gc, 0
    own[nodes.gc & ~readable] = table.gc
    return NodePlaces(top, top_line, own, own_line)
