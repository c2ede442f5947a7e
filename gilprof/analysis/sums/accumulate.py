"""Tables that grow by row and sum by column: threads, nodes, pairs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gilprof.analysis.classify import NOT_APPLICABLE, LookVerdicts, QueueTime
from gilprof.analysis.sums.group_sum import group_sum
from gilprof.analysis.sums.merge_similar import merge_similar
from gilprof.analysis.sums.pair_ids import PairIds
from gilprof.analysis.sums.thread_rows import ThreadRows
from gilprof.analysis.sums.values import NodeSums, PairSums, ThreadSums
from gilprof.facts.arrays import Floats, Ids, Rows
from gilprof.model import NONE, BlockedIn, Origin, State

DENSE = 8
"""Cells of a table per amount up to which going through the whole table is faster than sorting the amounts."""

Indices = npt.NDArray[np.uint8]


class SumTable:
    """float64 sums by row and column; rows come into being as they are added to."""

    def __init__(self, columns: int) -> None:
        self._values = np.zeros((64, columns))

    def add(self, rows: Rows, columns: Indices, amounts: Floats) -> None:
        """Add each amount to its cell, repeated cells adding up; columns that the table lacks are left out."""
        width = self._values.shape[1]
        use = columns < width
        if not use.any():
            return
        cells, amounts = rows[use] * width + columns[use], amounts[use]
        self._reach(int(cells.max()) // width + 1)
        flat = self._values.reshape(-1)
        if len(flat) <= DENSE * len(cells):
            flat += np.bincount(cells, amounts, minlength=len(flat))
        else:
            cells, inverse = np.unique(cells, return_inverse=True)
            flat[cells] += np.bincount(inverse, amounts)

    def add_column(self, rows: Rows, column: int, amounts: Floats) -> None:
        """Add each amount to its row in one column."""
        self.add(rows, np.full(len(rows), column, np.uint8), amounts)

    def first(self, rows: int) -> Floats:
        """A copy of the first ``rows`` rows."""
        self._reach(rows)
        return self._values[:rows].copy()

    def regroup(self, rows: Rows, count: int) -> None:
        """Row i becomes part of row ``rows[i]``; ``count`` rows are left."""
        self._values = group_sum(rows, self.first(len(rows)), max(count, 64))

    def _reach(self, rows: int) -> None:
        if rows > len(self._values):
            more = max(rows - len(self._values), len(self._values))
            self._values = np.concatenate([self._values, np.zeros((more, self._values.shape[1]))])


class ThreadTable:
    """Sums by thread row."""

    _CPU, _BLAMED, _BLOCKING, _PYTHON = range(4)

    def __init__(self) -> None:
        self._states = SumTable(len(State))
        self._origins = SumTable(len(Origin))
        self._blocked = SumTable(len(BlockedIn))
        self._held_blocked = SumTable(len(BlockedIn))
        self._queued = SumTable(len(State))
        self._account = SumTable(4)
        self._domain = np.zeros(0, np.int32)
        self._count = 0

    def add(self, looks: LookVerdicts, weight: Floats, queue: QueueTime, domain: Ids) -> None:
        """Add looks of ``weight`` nanoseconds each; ``domain`` (L,): of which GIL domain."""
        rows = looks.thread.astype(np.int64)
        self._count = max(self._count, int(rows.max(initial=-1)) + 1)
        more = np.full(max(self._count - len(self._domain), 0), NONE, np.int32)
        self._domain = np.append(self._domain, more)
        with_gil = looks.with_gil
        self._domain[rows[with_gil]] = domain[with_gil]
        self._states.add(rows, looks.state, weight)
        self._origins.add(rows, looks.origin, weight)
        self._blocked.add(rows, _where(looks, State.BLOCKED), weight)
        self._held_blocked.add(rows, _where(looks, State.HELD_BLOCKED), weight)
        self._account.add_column(rows, self._CPU, looks.cpu_ns)
        self._queued.add(rows[queue.look], looks.state[queue.before], queue.ns)
        self._account.add_column(rows, self._PYTHON, looks.python.astype(np.float64))

    def blame(self, holders: Ids, victims_ns: Floats, weight: Floats) -> None:
        """Charge others' waiting, and the time in which there was any, to the holders."""
        rows = holders.astype(np.int64)
        self._account.add_column(rows, self._BLAMED, victims_ns)
        self._account.add_column(rows, self._BLOCKING, weight)

    def harm_ns(self, rows: Rows) -> Floats:
        """Waiting and blame of each of these rows."""
        count = int(rows.max(initial=-1)) + 1
        waiting, blamed = self._states.first(count), self._account.first(count)
        out: Floats = waiting[rows, State.WAITING] + blamed[rows, self._BLAMED]
        return out

    def python(self, count: int) -> npt.NDArray[np.bool_]:
        """(``count``,) the interpreter has known the thread at some look."""
        out: npt.NDArray[np.bool_] = self._account.first(count)[:, self._PYTHON] > 0
        return out

    def merge(self, target: Rows) -> None:
        """Add each row to its target row."""
        tables = (self._states, self._origins, self._blocked, self._held_blocked, self._queued, self._account)
        for table in tables:
            table.regroup(target[: self._count], self._count)
        domain = np.full(self._count, NONE, np.int32)
        np.maximum.at(domain, target[: self._count], self._domain)
        self._domain = domain

    def sums(self, rows: ThreadRows) -> ThreadSums:
        """A snapshot."""
        account, queued_in = self._account.first(self._count), self._queued.first(self._count)
        return ThreadSums(
            id=rows.ids[: self._count],
            folded=rows.folded[: self._count],
            states_ns=self._states.first(self._count),
            origin_ns=self._origins.first(self._count),
            blocked_in_ns=self._blocked.first(self._count),
            held_blocked_in_ns=self._held_blocked.first(self._count),
            cpu_ns=account[:, self._CPU],
            queued_ns=queued_in.sum(axis=1),
            queued_in_ns=queued_in,
            blamed_ns=account[:, self._BLAMED],
            blocking_ns=account[:, self._BLOCKING],
            python=self.python(self._count),
            domain=self._domain.copy(),
        )


class NodeTable:
    """Sums by node: thread, stack, garbage collection on top."""

    _OVERDUE, _BLAMED, _BLOCKING, _HELD_QUEUED = range(4)

    def __init__(self) -> None:
        self._ids = PairIds()
        self._states = SumTable(len(State))
        self._blocked = SumTable(len(BlockedIn))
        self._account = SumTable(4)

    def rows(self, looks: LookVerdicts) -> Rows:
        """The node row of each look."""
        return self._ids.number(looks.thread.astype(np.int64) * 2 + looks.gc, looks.stack)

    def add(self, rows: Rows, looks: LookVerdicts, weight: Floats, queue: QueueTime) -> None:
        """Add looks of ``weight`` nanoseconds each."""
        self._states.add(rows, looks.state, weight)
        self._blocked.add(rows, _where(looks, State.BLOCKED), weight)
        self._account.add_column(rows, self._OVERDUE, weight * looks.overdue)
        held = looks.state[queue.before] == State.HELD
        self._account.add_column(rows[queue.before[held]], self._HELD_QUEUED, queue.ns[held])

    def blame(self, rows: Rows, victims_ns: Floats, weight: Floats) -> None:
        """Charge others' waiting, and the time in which there was any, to the holders."""
        self._account.add_column(rows, self._BLAMED, victims_ns)
        self._account.add_column(rows, self._BLOCKING, weight)

    def merge(self, target: Rows) -> Rows:
        """Give each node to its thread's target row; (N,) the row that each node's sums belong to now."""
        thread, gc, stack = self.keys()
        self._ids = PairIds()
        rows = self._ids.number(target[thread] * 2 + gc, stack)
        for table in (self._states, self._blocked, self._account):
            table.regroup(rows, len(self._ids))
        return rows

    def sums(self) -> NodeSums:
        """A snapshot."""
        count = len(self._ids)
        thread, gc, stack = self.keys()
        account = self._account.first(count)
        return NodeSums(
            thread=thread.astype(np.int32),
            stack=stack.astype(np.int32),
            gc=gc != 0,
            states_ns=self._states.first(count),
            blocked_in_ns=self._blocked.first(count),
            overdue_ns=account[:, self._OVERDUE],
            blamed_ns=account[:, self._BLAMED],
            blocking_ns=account[:, self._BLOCKING],
            held_queued_ns=account[:, self._HELD_QUEUED],
        )

    def keys(self) -> tuple[Rows, Rows, Rows]:
        """Thread row, garbage collection (0 or 1) and stack of each node."""
        thread_gc, stack = self._ids.pairs()
        return thread_gc >> 1, thread_gc & 1, stack


class PairTable:
    """Sums by holder's node and waiter's node."""

    def __init__(self) -> None:
        self._ids = PairIds()
        self._origins = SumTable(len(Origin))
        self._overdue = SumTable(1)

    def add(self, holder: Rows, waiter: Rows, origin: Indices, overdue: npt.NDArray[np.bool_], weight: Floats) -> None:
        """Add waiting looks of ``weight`` nanoseconds each."""
        rows = self._ids.number(holder, waiter)
        self._origins.add(rows, origin, weight)
        self._overdue.add_column(rows, 0, weight * overdue)

    def __len__(self) -> int:
        return len(self._ids)

    def merge(self, node: Rows) -> Rows:
        """Give each pair to its nodes' new rows; (P,) the row that each pair's sums belong to now."""
        holder, waiter = self._ids.pairs()
        has_holder = holder >= 0
        holder[has_holder] = node[holder[has_holder]]
        self._ids = PairIds()
        rows = self._ids.number(holder, node[waiter])
        self._regroup(rows)
        return rows

    def thin(self, likeness: Rows, apart: int, keep: int) -> Rows:
        """Merge small pairs until there are ``keep`` at most (``merge_similar.py``). ``likeness`` (N, K): of
        nodes, below 2**31. (P,) the row that each pair's sums belong to now."""
        holder, waiter = self._ids.pairs()
        has_holder = holder >= 0
        both = likeness[waiter] << 32
        both[has_holder] += likeness[holder[has_holder]]
        both[~has_holder] += holder[~has_holder, None]
        target = merge_similar(self._origins.first(len(holder)).sum(axis=1), both, apart, keep)
        kept = np.flatnonzero(target == np.arange(len(target)))
        rows = np.searchsorted(kept, target)
        self._ids = self._ids.part(kept)
        self._regroup(rows)
        return rows

    def _regroup(self, rows: Rows) -> None:
        for table in (self._origins, self._overdue):
            table.regroup(rows, len(self._ids))

    def sums(self) -> PairSums:
        """A snapshot."""
        count = len(self._ids)
        holder, waiter = self._ids.pairs()
        return PairSums(
            holder=holder.astype(np.int32),
            waiter=waiter.astype(np.int32),
            origin_ns=self._origins.first(count),
            overdue_ns=self._overdue.first(count)[:, 0],
        )


def _where(looks: LookVerdicts, state: State) -> Indices:
    """BlockedIn of the looks in ``state``; beyond every column elsewhere."""
    return np.where(looks.state == state, looks.blocked_in, NOT_APPLICABLE).astype(np.uint8)
