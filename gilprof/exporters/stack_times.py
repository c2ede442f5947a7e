"""Stacks and the time that threads spent on them: what flame graphs of any format are made from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from gilprof.analysis.sums import NodeSums, ThreadSums
from gilprof.exporters.narrowing import Narrowing
from gilprof.exporters.pairs import Pairs, pairs_of
from gilprof.facts.arrays import Ns, Rows
from gilprof.facts.definitions import Definitions
from gilprof.model import NONE, State
from gilprof.report.build import Profiled
from gilprof.report.functions import FunctionTable
from gilprof.report.names import printable
from gilprof.report.stacks import Flags, Forest
from gilprof.report.threads import thread_names


@dataclass(frozen=True, slots=True)
class StackTimes:
    """S stacks, each a frame on its parent stack, and N rows of time on them; ``<no Python frame>``, ``<GC>``
    and ``<unreadable stack>`` are frames like others."""

    functions: tuple[tuple[str, str | None, int | None], ...]
    """Name, file, first line; as the target has them: not fit to be shown as they are."""
    parent: Rows
    """(S,) the stack below, of a lower number; ``NONE``: outermost."""
    function: Rows
    """(S,) row of ``functions``."""
    line: Rows
    """(S,) 0: unknown."""

    threads: tuple[str, ...]
    """Printable, and no two the same."""
    thread_ids: Rows
    """(as many) their ids; ``NONE`` where a name stands for the threads of several profiles."""
    thread: Rows
    """(N,) row of ``threads``."""
    stack: Rows
    """(N,)"""
    states_ns: Ns
    """(N, 6) by State; 0 where a state was not asked for. No row is all 0, but for those that only ``pairs`` have."""
    blamed_ns: Ns | None
    """(N,) others' waiting for this row; None unless both ``held`` and ``held_blocked`` were asked for: it is
    not known which of the two it was for."""
    node: Rows | None = None
    """(N,) the row's node (``NodeSums``); None where rows stand for something else."""
    pairs: Pairs | None = None
    """Those with a thread that was asked for on either side; None unless they, and ``waiting``, were asked for."""


def stack_times(
    profile: Profiled, narrowing: Narrowing, *, with_pairs: bool = False, distinct_threads: bool = True
) -> StackTimes:
    """The stacks of ``profile`` that there is time on in what ``narrowing`` asks for.

    Without ``distinct_threads``, threads have the names that they give themselves, and may share them.
    """
    sums, definitions = profile.sums(), profile.definitions
    table = FunctionTable(definitions, profile.info.stdlib)
    asked = np.array([state in narrowing.states for state in State])
    states_ns = sums.nodes.states_ns * asked
    listed = np.array([narrowing.wants(name) for name in thread_names(sums.threads, definitions)], np.bool_)
    kept = (states_ns.sum(axis=1) > 0) & listed[sums.nodes.thread]
    states_ns = states_ns * kept[:, None]
    blame = bool(asked[[State.HELD, State.HELD_BLOCKED]].all())
    pairs = pairs_of(sums.pairs, listed[sums.nodes.thread]) if with_pairs and asked[State.WAITING] else None
    if pairs is not None:
        kept[pairs.waiter] = True
        kept[pairs.holder[pairs.holder >= 0]] = True
    keep = np.flatnonzero(kept)

    parent, function, line, stack = with_pseudo_frames(sums.nodes, table, definitions)
    used = with_parents(stack[keep], parent)
    functions, function = np.unique(function[used], return_inverse=True)
    threads, thread = np.unique(sums.nodes.thread[keep], return_inverse=True)
    names = thread_labels(sums.threads, definitions, distinct_threads)
    if pairs is not None:
        holder = np.where(pairs.holder >= 0, np.searchsorted(keep, pairs.holder), pairs.holder)
        pairs = Pairs(holder, np.searchsorted(keep, pairs.waiter), pairs.ns)
    return StackTimes(
        functions=tuple(table.keys[row] for row in functions.tolist()),
        parent=np.where(parent[used] == NONE, NONE, np.searchsorted(used, parent[used])),
        function=function,
        line=line[used],
        threads=tuple(names[row] for row in threads.tolist()),
        thread_ids=sums.threads.id[threads],
        thread=thread,
        stack=np.searchsorted(used, stack[keep]),
        states_ns=states_ns[keep],
        blamed_ns=(sums.nodes.blamed_ns * listed[sums.nodes.thread])[keep] if blame else None,
        node=keep,
        pairs=pairs,
    )


def with_pseudo_frames(
    nodes: NodeSums, table: FunctionTable, definitions: Definitions
) -> tuple[Rows, Rows, Rows, Rows]:
    """Parent, function and line of each stack, with pseudo-functions as frames; and (N,) each node's stack."""
    forest = Forest(definitions, table.row_of, table.unreadable)
    ids = np.arange(forest.size)
    parent = definitions.stacks[:, 0].astype(np.int64)
    parent = np.where((parent >= 0) & (parent < ids), parent, NONE)
    no_frame, unreadable = forest.size, forest.size + 1
    stack = nodes.stack.astype(np.int64)
    stack[stack >= forest.size] = unreadable
    stack[stack < NONE] = unreadable
    stack[stack == NONE] = no_frame

    below, inverse = np.unique(stack[nodes.gc], return_inverse=True)
    stack[nodes.gc] = unreadable + 1 + inverse
    collections = np.full(len(below), table.gc)
    return (
        np.concatenate([parent, [NONE, NONE], below]),
        np.concatenate([forest.function, [table.no_frame, table.unreadable], collections]),
        np.concatenate([forest.line, [0, 0], np.zeros_like(collections)]),
        stack,
    )


def with_parents(stacks: Rows, parent: Rows) -> Rows:
    """``stacks`` and all below them, in order."""
    used: Flags = np.zeros(len(parent), np.bool_)
    while len(stacks):
        used[stacks] = True
        stacks = np.unique(parent[stacks])
        stacks = stacks[stacks >= 0]
        stacks = stacks[~used[stacks]]
    return np.flatnonzero(used)


def thread_labels(sums: ThreadSums, definitions: Definitions, distinct: bool = True) -> tuple[str, ...]:
    """(T,) names; where they are to be ``distinct``, with the tid behind those that several threads have, or that say
    nothing, and numbered where even that is not enough, as the kernel uses a tid again."""
    names = [printable(name) for name in thread_names(sums, definitions)]
    if not distinct:
        return tuple(names)
    count = Counter(names)
    labels, times = [], Counter[str]()
    for name, number, folded in zip(names, sums.id.tolist(), sums.folded.tolist(), strict=True):
        seen = definitions.threads.get(number)
        if folded:
            name = f"{name} ×{folded}"
        elif seen is not None and (count[name] > 1 or not name.strip()):
            name = f"{name} (tid {seen.tid})".strip()
        times[name] += 1
        labels.append(name if times[name] == 1 else f"{name} #{times[name]}")
    return tuple(labels)


def frame_label(name: str, file: str | None, line: int) -> str:
    """``Parser.feed (/srv/ingest.py:88)``; without a file the name alone."""
    if file is None:
        return printable(name)
    return printable(f"{name} ({file}:{line})" if line > 0 else f"{name} ({file})", 1000)
