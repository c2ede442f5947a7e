"""Who waited for whom, by what one asks about: own function, top function, line or thread; and the stacks behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np

from gilprof.analysis.sums import HANDOVER
from gilprof.model import ORIGIN_NAMES
from gilprof.report.groups import Ints, grouped, seconds
from gilprof.report.names import location
from gilprof.tui.snapshot import Range

_ORIGINS = len(ORIGIN_NAMES)
STACKS_SHOWN = 20
"""Pairs of stacks that are shown of one row."""


class By(Enum):
    """What holders and waiters are told apart by."""

    OWN = "own function"
    TOP = "top function"
    LINE = "line of own code"
    THREAD = "thread"


@dataclass(frozen=True, slots=True)
class Wait:
    """Waiting of ``waiter`` for ``holder``."""

    key: str
    """Stays the same from snapshot to snapshot."""
    waiter: str
    holder: str
    seconds: float
    share: float
    """Of all waiting."""
    origins: dict[str, float]
    """Shares of it."""
    overdue: float
    """Share of it in which C code kept the GIL although it had been asked to drop it."""


@dataclass(frozen=True, slots=True)
class StackPair:
    """Two stacks, innermost frame first, and the waiting of the one for the other."""

    seconds: float
    holder_thread: str
    holder: tuple[str, ...]
    waiter_thread: str
    waiter: tuple[str, ...]


def waits(part: Range, by: By) -> Iterator[Wait]:
    """The largest first; together all waiting. There may be as many as functions times functions."""
    pairs = part.sums().pairs
    values = np.column_stack([pairs.origin_ns, pairs.overdue_ns])
    keys, values = grouped(_keys(part, by), values)
    waited = values[:, :_ORIGINS].sum(axis=1)
    order = np.argsort(-waited, kind="stable")
    total = float(waited.sum())
    for row in order[waited[order] > 0].tolist():
        yield Wait(
            key=_text(keys[row]),
            waiter=_name(part, by, keys[row][2:]),
            holder=_name(part, by, keys[row][:2]),
            seconds=seconds(waited[row]),
            share=float(waited[row]) / total,
            origins=dict(zip(ORIGIN_NAMES, (values[row, :_ORIGINS] / waited[row]).tolist(), strict=True)),
            overdue=float(values[row, _ORIGINS] / waited[row]),
        )


def stack_pairs(part: Range, by: By, key: str) -> list[StackPair]:
    """The pairs of stacks behind the row of this key, the largest first."""
    sums = part.sums()
    pairs, nodes = sums.pairs, sums.nodes
    waited = pairs.origin_ns.sum(axis=1)
    keys = _keys(part, by)
    inside = np.flatnonzero([_text(row) == key for row in keys]) if len(keys) else np.empty(0, np.int64)
    order = inside[np.argsort(-waited[inside], kind="stable")]
    out = []
    for row in order[waited[order] > 0][:STACKS_SHOWN].tolist():
        holder, waiter = int(pairs.holder[row]), int(pairs.waiter[row])
        has_holder = holder >= 0
        out.append(
            StackPair(
                seconds=seconds(waited[row]),
                holder_thread=part.thread_name(int(nodes.thread[holder])) if has_holder else _nobody(holder),
                holder=_frames(part, holder) if has_holder else (),
                waiter_thread=part.thread_name(int(nodes.thread[waiter])),
                waiter=_frames(part, waiter),
            )
        )
    return out


def _keys(part: Range, by: By) -> Ints:
    """(P, 4): who and at which line, holder and waiter. A holder that is not known: negative."""
    sums = part.sums()
    pairs, nodes, places = sums.pairs, sums.nodes, part.places
    nothing = np.zeros(len(nodes.thread), np.int64)
    who, line = {
        By.OWN: (places.own, nothing),
        By.TOP: (places.top, nothing),
        By.LINE: (places.own, places.own_line),
        By.THREAD: (nodes.thread.astype(np.int64), nothing),
    }[by]
    has_holder = pairs.holder >= 0
    holder, holder_line = pairs.holder.astype(np.int64), np.zeros(len(pairs.holder), np.int64)
    holder[has_holder], holder_line[has_holder] = who[holder[has_holder]], line[pairs.holder[has_holder]]
    return np.stack([holder, holder_line, who[pairs.waiter], line[pairs.waiter]], axis=1)


def _text(key: Ints) -> str:
    return " ".join(map(str, key.tolist()))


def _name(part: Range, by: By, who: Ints) -> str:
    number, line = who.tolist()
    if number < 0:
        return _nobody(number)
    if by is By.THREAD:
        return part.thread_name(number)
    name, file, first_line = part.functions.keys[number]
    return location(name, file, (line or None) if by is By.LINE else first_line)


def _nobody(holder: int) -> str:
    return "(hand-over: nobody has it)" if holder == HANDOVER else "(could not be told)"


def _frames(part: Range, node: int) -> tuple[str, ...]:
    """Places, innermost first."""
    nodes = part.sums().nodes
    return stack_text(part, int(nodes.stack[node]), bool(nodes.gc[node]))


def stack_text(part: Range, stack: int, gc: bool = False) -> tuple[str, ...]:
    """The places of a stack's frames, innermost first."""
    table, forest = part.functions, part.forest
    out = [table.keys[table.gc][0]] if gc else []
    if stack < 0 or stack >= forest.size:
        return tuple(out)
    while stack >= 0:
        name, file, _ = table.keys[int(forest.function[stack])]
        out.append(location(name, file, int(forest.line[stack]) or None))
        stack = int(forest.parent[stack])
    return tuple(out)
