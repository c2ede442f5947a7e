"""A profile narrowed to the threads that somebody asks about, or to a part of its time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gilprof.analysis.sums import ProfileSums
from gilprof.model import Batch
from gilprof.report.model import Selection
from gilprof.report.threads import matching

Flags = npt.NDArray[np.bool_]


def narrowed(sums: ProfileSums, names: Sequence[str], selection: Selection) -> tuple[ProfileSums, Flags]:
    """The sums of the selected threads and waits, and (T,) the threads that these are about.

    ``thread`` narrows the time of functions to its threads, and the waits to those that they take part in;
    ``waiter`` and ``holder`` narrow the waits. What is blamed follows from the waits that are left. A wait
    whose holder is not known has no holder that matches.
    """
    nodes, pairs, threads = sums.nodes, sums.pairs, sums.threads
    thread = matching(names, selection.thread)
    told = pairs.holder >= 0
    waiter = nodes.thread[pairs.waiter]
    holder = nodes.thread[np.where(told, pairs.holder, 0)] if len(nodes.thread) else waiter
    keep = matching(names, selection.waiter)[waiter]
    if selection.holder is not None:
        keep &= told & matching(names, selection.holder)[holder]
    keep &= thread[waiter] | (told & thread[holder])

    blamer = pairs.holder[keep & told]
    waited_ns = pairs.origin_ns[keep & told].sum(axis=1)
    node_blamed = np.bincount(blamer, waited_ns, minlength=len(nodes.thread)).astype(np.float64)
    thread_blamed = np.bincount(nodes.thread, node_blamed, minlength=len(names)).astype(np.float64)
    listed = thread.copy()
    listed[waiter[keep]] = True
    listed[holder[keep & told]] = True
    ours = thread[nodes.thread]
    return (
        replace(
            sums,
            threads=replace(threads, blamed_ns=thread_blamed),
            nodes=replace(
                nodes,
                states_ns=nodes.states_ns * ours[:, None],
                blocked_in_ns=nodes.blocked_in_ns * ours[:, None],
                overdue_ns=nodes.overdue_ns * ours,
                blamed_ns=node_blamed,
            ),
            pairs=replace(
                pairs,
                holder=pairs.holder[keep],
                waiter=pairs.waiter[keep],
                origin_ns=pairs.origin_ns[keep],
                overdue_ns=pairs.overdue_ns[keep],
            ),
        ),
        listed,
    )


class Window:
    """Cuts batches to the passes from ``from_s`` to ``to_s`` seconds behind the first one of all."""

    def __init__(self, from_s: float = 0.0, to_s: float | None = None) -> None:
        self._from_ns = round(from_s * 1e9)
        self._to_ns = None if to_s is None else round(to_s * 1e9)
        self._first_t_ns: int | None = None

    def cut(self, batch: Batch) -> Batch:
        """``batch`` with all it defines and the passes that lie in the window; the end of the target belongs
        to a window that has no end of its own, or ends behind the batch's last pass."""
        t_ns = batch.passes["t_ns"].astype(np.int64)
        if self._first_t_ns is None:
            if len(t_ns) == 0:
                return batch
            self._first_t_ns = int(t_ns[0])
        since = t_ns - self._first_t_ns
        inside = since >= self._from_ns
        ended = batch.ended
        if self._to_ns is not None:
            inside &= since <= self._to_ns
            ended = ended if len(since) and since[-1] <= self._to_ns else None
        looks = np.repeat(inside, batch.passes["look_count"])
        return replace(batch, passes=batch.passes[inside], looks=batch.looks[looks], ended=ended)
