"""The rows of functions: self, total, lines, and what each is blamed for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

import numpy as np

from gilprof.analysis.profile_sums import ProfileSums
from gilprof.analysis.sums import group_sum
from gilprof.facts.arrays import Floats
from gilprof.model import STATE_NAMES
from gilprof.report.functions import FunctionTable, NodePlaces
from gilprof.report.groups import grouped, in_seconds, seconds, seconds_by
from gilprof.report.model import Blame, Function, Line
from gilprof.report.stacks import Flags, Forest

_STATES = len(STATE_NAMES)
_OVERDUE, _BLAMED, _BLOCKING = _STATES, _STATES + 1, _STATES + 2


def function_rows(
    sums: ProfileSums,
    table: FunctionTable,
    forest: Forest,
    places: NodePlaces,
    python: Flags,
    blame: Blame,
    also: Collection[int],
) -> tuple[Function, ...]:
    """Functions that a Python thread spent time in, that ``blame`` names, ``also`` these; most held and blamed first.

    ``python``: (T,) the threads that count.
    """
    nodes = sums.nodes
    counts = python[nodes.thread]
    values = np.column_stack([nodes.states_ns, nodes.overdue_ns, nodes.blamed_ns, nodes.blocking_ns])
    values = values * counts[:, None]
    own_time = group_sum(places.top, values, len(table))
    total = _totals(sums, table, forest, places, values)

    lines = _lines(places, values)
    named = {row.holder for rows in (blame.functions, blame.own) for row in rows}
    named |= {row.waiter for rows in (blame.functions, blame.own) for row in rows}
    used: Flags = np.any(total > 0, axis=1)
    used[[row for row in named if row is not None]] = True
    used[list(also)] = True
    weight = total[:, :2].sum(axis=1) + total[:, _STATES]
    order = np.argsort(-weight, kind="stable")
    return tuple(_row(row, table, own_time[row], total[row], lines.get(row, ())) for row in order[used[order]].tolist())


def _totals(sums: ProfileSums, table: FunctionTable, forest: Forest, places: NodePlaces, values: Floats) -> Floats:
    """(functions, 7): by state and blamed, anywhere on the stack."""
    columns = [*range(_STATES), _BLAMED]
    stack = sums.nodes.stack
    framed = (stack >= 0) & (stack < forest.size)
    by_stack = group_sum(stack[framed], values[framed][:, columns], forest.size)
    total = forest.totals(by_stack, len(table))
    frameless = ~framed | sums.nodes.gc
    total += group_sum(places.top[frameless], values[frameless][:, columns], len(table))
    return total


def _lines(places: NodePlaces, values: Floats) -> dict[int, tuple[Line, ...]]:
    keys, sums = grouped(np.stack([places.top, places.top_line], axis=1), values)
    lines: dict[int, list[Line]] = defaultdict(list)
    for (function, line), parts in zip(keys.tolist(), in_seconds(sums), strict=True):
        if any(parts):
            lines[function].append(
                Line(
                    line=line if line > 0 else None,
                    self=dict(zip(STATE_NAMES, parts[:_STATES], strict=True)),
                    overdue_s=parts[_OVERDUE],
                    blamed_s=parts[_BLAMED],
                )
            )
    return {function: tuple(rows) for function, rows in lines.items()}


def _row(row: int, table: FunctionTable, own_time: Floats, total: Floats, lines: tuple[Line, ...]) -> Function:
    name, file, first_line = table.keys[row]
    return Function(
        id=row,
        name=name,
        file=file,
        line=first_line,
        own=bool(table.own[row]),
        self=seconds_by(STATE_NAMES, own_time[:_STATES]),
        total=seconds_by(STATE_NAMES, total[:_STATES]),
        overdue_s=seconds(own_time[_OVERDUE]),
        blamed_s=seconds(own_time[_BLAMED]),
        blamed_total_s=seconds(total[_STATES]),
        blocking_s=seconds(own_time[_BLOCKING]),
        lines=lines,
    )
