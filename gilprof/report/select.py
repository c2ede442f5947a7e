"""A profile narrowed to the threads that somebody asks about, or to a part of its time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

import numpy as np
import numpy.typing as npt

from gilprof.analysis.profile_sums import ProfileSums
from gilprof.errors import UsageError
from gilprof.model import Batch
from gilprof.report.model import Selection
from gilprof.report.threads import matching
from gilprof.units import Moment

Flags = npt.NDArray[np.bool_]


def narrowed(sums: ProfileSums, names: Sequence[str], selection: Selection) -> tuple[ProfileSums, Flags]:
    """The sums of the selected threads and waits, and (T,) the threads that these are about.

    ``thread`` narrows the time of functions to its threads, and the waits to those that they take part in;
    ``waiter`` and ``holder`` narrow the waits. What is blamed follows from the waits that are left. A wait
    whose holder is not known has no holder that matches.
    """
    nodes, pairs, threads = sums.nodes, sums.pairs, sums.threads
    thread = matching(names, selection.thread)
    has_holder = pairs.holder >= 0
    waiter = nodes.thread[pairs.waiter]
    holder = nodes.thread[np.where(has_holder, pairs.holder, 0)] if len(nodes.thread) else waiter
    keep = matching(names, selection.waiter)[waiter]
    if selection.holder is not None:
        keep &= has_holder & matching(names, selection.holder)[holder]
    keep &= thread[waiter] | (has_holder & thread[holder])

    blamer = pairs.holder[keep & has_holder]
    waited_ns = pairs.origin_ns[keep & has_holder].sum(axis=1)
    node_blamed = np.bincount(blamer, waited_ns, minlength=len(nodes.thread)).astype(np.float64)
    thread_blamed = np.bincount(nodes.thread, node_blamed, minlength=len(names)).astype(np.float64)
    listed = thread.copy()
    listed[waiter[keep]] = True
    listed[holder[keep & has_holder]] = True
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
            pairs=pairs.part(keep),
        ),
        listed,
    )


class TimeCut:
    """Cuts batches to the passes between two moments. A time of day is on the day of the first pass of all; where that
    is more than half a day before it, on the next one."""

    def __init__(self, wall_anchor: tuple[int, int], begin: Moment = 0.0, end: Moment | None = None) -> None:
        """``wall_anchor``: as in ``TargetInfo``. ``end``: None for no end."""
        self._wall_anchor = wall_anchor
        self._moments = begin, end
        self._bounds_ns: tuple[int, int | None] | None = None

    def cut(self, batch: Batch) -> Batch:
        """``batch`` with all it defines and the passes that lie in the window; the end of the target belongs
        to a window that has no end of its own, or ends behind the batch's last pass.

        Raises UsageError where the window ends before it begins.
        """
        t_ns = batch.passes["t_ns"].astype(np.int64)
        if self._bounds_ns is None:
            if len(t_ns) == 0:
                return batch
            self._bounds_ns = self._resolved(int(t_ns[0]))
        begin_ns, end_ns = self._bounds_ns
        if end_ns is not None:
            batch = replace(batch, children=tuple(child for child in batch.children if child.t_ns <= end_ns))
        # What another process did before the first pass of all belongs to the whole.
        inside = np.full(len(t_ns), self._moments[0] == 0) | (t_ns >= begin_ns)
        ended = batch.ended
        if end_ns is not None:
            inside &= t_ns <= end_ns
            ended = ended if len(t_ns) and t_ns[-1] <= end_ns else None
        if inside.all():
            return replace(batch, ended=ended)
        looks = np.repeat(inside, batch.passes["look_count"])
        return replace(batch, passes=batch.passes[inside], looks=batch.looks[looks], ended=ended)

    def _resolved(self, first_t_ns: int) -> tuple[int, int | None]:
        begin, end = self._moments
        begin_ns = self._t_ns(begin, first_t_ns)
        end_ns = None if end is None else self._t_ns(end, begin_ns if isinstance(end, timedelta) else first_t_ns)
        if end_ns is not None and end_ns <= begin_ns:
            raise UsageError(f"reading from {_told(begin)} to {_told(end)}", "that is no time", "give a later --to")
        return begin_ns, end_ns

    def _t_ns(self, moment: Moment, first_t_ns: int) -> int:
        """CLOCK_MONOTONIC."""
        if isinstance(moment, timedelta):
            moment = moment.total_seconds()
        if isinstance(moment, float | int):
            return first_t_ns + round(moment * 1e9)
        to_unix_ns = self._wall_anchor[0] - self._wall_anchor[1]
        if isinstance(moment, time):
            first = datetime.fromtimestamp((first_t_ns + to_unix_ns) / 1e9, moment.tzinfo)
            moment = datetime.combine(first.date(), moment)
            if first - moment > _HALF_A_DAY:
                moment += timedelta(days=1)
        return round(moment.timestamp() * 1e9) - to_unix_ns


_HALF_A_DAY = timedelta(hours=12)


def _told(moment: Moment | None) -> str:
    return f"{moment:g} s" if isinstance(moment, float | int) else str(moment)
