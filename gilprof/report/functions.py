"""Functions over all threads: which there are, which are the user's own, and where each node stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gilprof.analysis.definitions import Definitions
from gilprof.analysis.own import is_bootstrap, is_own
from gilprof.analysis.sums import NodeSums
from gilprof.model import NONE
from gilprof.report.names import GC, NO_FRAME, UNREADABLE_STACK
from gilprof.report.stacks import Forest, Rows


class FunctionTable:
    """Rows by (name, file, first line), whatever the number of code objects; pseudo-functions first."""

    def __init__(self, definitions: Definitions, stdlib: Iterable[str]) -> None:
        pseudo = [(NO_FRAME, None, None), (GC, None, None), (UNREADABLE_STACK, None, None)]
        self.no_frame, self.gc, self.unreadable = 0, 1, 2
        rows: dict[tuple[str, str | None, int | None], int] = {key: row for row, key in enumerate(pseudo)}
        own, bootstrap = [False] * len(pseudo), [True] * len(pseudo)
        row_of = np.empty(len(definitions.functions), np.int64)
        folders = tuple(stdlib)
        for number, function in enumerate(definitions.functions):
            line = function.first_line if function.first_line >= 0 else None
            key = (function.name, function.file, line)
            row = rows.setdefault(key, len(rows))
            if row == len(own):
                bootstrap.append(is_bootstrap(function))
                own.append(not bootstrap[-1] and is_own(function.file, folders))
            row_of[number] = row
        self.keys = list(rows)
        """Name, file, first line."""
        self.own = np.array(own, np.bool_)
        self.bootstrap = np.array(bootstrap, np.bool_)
        """Says nothing about what a thread is for; true of pseudo-functions as well."""
        self.row_of = row_of
        """The row of each function id."""

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, slots=True)
class Places:
    """Where each node stands: function rows and lines (0: unknown), N rows each."""

    top: Rows
    top_line: Rows
    own: Rows
    own_line: Rows


def place(nodes: NodeSums, table: FunctionTable, forest: Forest) -> Places:
    """The top and the own function of each node."""
    own_stack = own_stacks(table, forest)
    stack = nodes.stack.astype(np.int64)
    stack = np.where(stack < forest.size, stack, NONE - 1)
    told = stack >= 0
    top = np.where(stack == NONE, table.no_frame, table.unreadable)
    own, top_line, own_line = top.copy(), np.zeros_like(top), np.zeros_like(top)
    at, own_at = stack[told], own_stack[stack[told]]
    top[told], top_line[told] = forest.function[at], forest.line[at]
    own[told], own_line[told] = forest.function[own_at], forest.line[own_at]
    top[nodes.gc], top_line[nodes.gc] = table.gc, 0
    own[nodes.gc & ~told] = table.gc
    return Places(top, top_line, own, own_line)


def own_stacks(table: FunctionTable, forest: Forest) -> Rows:
    """(S,) the stack whose innermost frame is the own one of each stack.

    The innermost of the user's code; where there is none the outermost that is not ``threading``'s bootstrap;
    where there is nothing else the innermost.
    """
    own = forest.nearest(table.own[forest.function])
    outermost = forest.outermost(~table.bootstrap[forest.function])
    fallback = np.where(outermost >= 0, outermost, np.arange(forest.size))
    return np.where(own >= 0, own, fallback)
