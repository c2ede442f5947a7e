"""Stacks merged by function into one tree: for the flame graph, and for who calls a function."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from gilprof.model import NONE, State
from gilprof.report.threads import is_python
from gilprof.tui.snapshot import Range

States = frozenset[State]
EVERY_STATE: States = frozenset(State)


@dataclass(eq=False, slots=True)
class Call:
    """A function as it was called by its parent; ``ns`` includes what it called."""

    function: int
    """Row of the range's function table; -1: all."""
    ns: float = 0.0
    parent: Call | None = None
    children: dict[int, Call] = field(default_factory=dict)

    def child(self, function: int) -> Call:
        """The child of this function, made if need be."""
        if function not in self.children:
            self.children[function] = Call(function, parent=self)
        return self.children[function]

    def largest_first(self) -> list[Call]:
        """The children that there is time of."""
        return sorted((c for c in self.children.values() if c.ns > 0), key=lambda c: c.ns, reverse=True)


def call_tree(part: Range, states: States = EVERY_STATE, thread: int | None = None) -> Call:
    """The tree of the time in ``states``, of all Python threads or of the ``thread`` of this id."""
    sums = part.sums()
    nodes = sums.nodes
    counts = is_python(sums.threads) if thread is None else sums.threads.id == thread
    ns = nodes.states_ns[:, sorted(states)].sum(axis=1) * counts[nodes.thread]
    root = Call(-1)
    by_stack: defaultdict[tuple[int, bool], float] = defaultdict(float)
    for row in np.flatnonzero(ns).tolist():
        by_stack[int(nodes.stack[row]), bool(nodes.gc[row])] += float(ns[row])
    for (stack, gc), amount in by_stack.items():
        call = root
        call.ns += amount
        for function in reversed(_functions(part, stack)):
            call = call.child(function)
            call.ns += amount
        if gc:
            call.child(part.functions.gc).ns += amount
    return root


def callers_and_callees(root: Call, function: int) -> tuple[dict[int, float], dict[int, float]]:
    """Nanoseconds of a function's total by who called it (-1: nobody) and by what it called (itself: its self
    time); under recursion as of the outermost call."""
    callers: defaultdict[int, float] = defaultdict(float)
    callees: defaultdict[int, float] = defaultdict(float)
    stack = [root]
    while stack:
        call = stack.pop()
        if call.function != function:
            stack.extend(call.children.values())
            continue
        callers[call.parent.function if call.parent is not None else -1] += call.ns
        inner = 0.0
        for child in call.children.values():
            callees[child.function] += child.ns
            inner += child.ns
        callees[function] += call.ns - inner
    return dict(callers), {row: ns for row, ns in callees.items() if ns > 0}


def _functions(part: Range, stack: int) -> list[int]:
    """Function rows, innermost first."""
    forest = part.forest
    if stack < 0 or stack >= forest.size:
        return [part.functions.no_frame if stack == NONE else part.functions.unreadable]
    out: list[int] = []
    while 0 <= stack < forest.size:
        out.append(int(forest.function[stack]))
        stack = int(forest.parent[stack])
    return out
