"""Tables that grow by row and sum by column: threads, nodes, pairs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from gilprof.analysis.sums import Ids, NodeSums, PairSums, ThreadSums
from gilprof.analysis.verdicts import NOT_APPLICABLE, LookVerdicts
from gilprof.model import BlockedIn, Origin, State

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

_STATES, _WHERES, _ORIGINS = len(State), len(BlockedIn), len(Origin)


def _grown(table: npt.NDArray[np.generic], rows: int) -> npt.NDArray[np.generic]:
    """``table`` with at least ``rows`` rows, doubling; new rows are zero."""
    if rows <= len(table):
        return table
    out = np.zeros((max(rows, 2 * len(table), 64), *table.shape[1:]), table.dtype)
    out[: len(table)] = table
    return out


def _add(table: Floats, rows: Rows, columns: npt.NDArray[np.uint8], weight: Floats) -> None:
    """``table[rows, columns] += weight``, repeated rows adding up; columns beyond the table are left out."""
    width = table.shape[1]
    use = columns < width
    keys = rows[use] * width + columns[use]
    unique, inverse = np.unique(keys, return_inverse=True)
    table.reshape(-1)[unique] += np.bincount(inverse, weight[use], minlength=len(unique))


class ThreadTable:
    """Sums by thread id."""

    def __init__(self) -> None:
        self._states = np.zeros((0, _STATES))
        self._origins = np.zeros((0, _ORIGINS))
        self._blocked = np.zeros((0, _WHERES))
        self._held_blocked = np.zeros((0, _WHERES))
        self._account = np.zeros((0, 4))
        self._python = np.zeros(0, np.bool_)
        self._count = 0

    def add(self, looks: LookVerdicts, weight: Floats) -> None:
        """Add looks of ``weight`` nanoseconds each."""
        rows = looks.thread.astype(np.int64)
        self._count = max(self._count, int(rows.max(initial=-1)) + 1)
        self._states = _grown(self._states, self._count)
        self._origins = _grown(self._origins, self._count)
        self._blocked = _grown(self._blocked, self._count)
        self._held_blocked = _grown(self._held_blocked, self._count)
        self._account = _grown(self._account, self._count)
        self._python = _grown(self._python, self._count)
        _add(self._states, rows, looks.state, weight)
        _add(self._origins, rows, looks.origin, weight)
        _add(self._blocked, rows, np.where(looks.state == State.BLOCKED, looks.where, NOT_APPLICABLE), weight)
        stuck = np.where(looks.state == State.HELD_BLOCKED, looks.where, NOT_APPLICABLE)
        _add(self._held_blocked, rows, stuck, weight)
        for column, values in enumerate((looks.cpu_ns, looks.queued_ns)):
            self._account[: self._count, column] += np.bincount(rows, values, minlength=self._count)
        self._python[rows[looks.python]] = True

    def blame(self, holders: npt.NDArray[np.int32], victims_ns: Floats, weight: Floats) -> None:
        """Charge others' waiting, and the time in which there was any, to the holders."""
        for column, values in enumerate((victims_ns, weight), start=2):
            self._account[: self._count, column] += np.bincount(holders, values, minlength=self._count)

    def sums(self) -> ThreadSums:
        """A snapshot."""
        n = self._count
        cpu, queued, blamed, blocking = self._account[:n].T.copy()
        return ThreadSums(
            states_ns=self._states[:n].copy(),
            origin_ns=self._origins[:n].copy(),
            blocked_in_ns=self._blocked[:n].copy(),
            held_blocked_in_ns=self._held_blocked[:n].copy(),
            cpu_ns=cpu,
            queued_ns=queued,
            blamed_ns=blamed,
            blocking_ns=blocking,
            python=self._python[:n].copy(),
        )


class _Numbering:
    """Numbers keys in the order in which they are first met."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, ...], int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, columns: tuple[npt.NDArray[np.int64], ...], met: Callable[[tuple[int, ...]], None]) -> Rows:
        """The number of each row's key; ``met`` is told each new one, in order."""
        keys, inverse = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
        numbers = np.empty(len(keys), np.int64)
        for i, row in enumerate(keys.tolist()):
            key = tuple(row)
            known = self._numbers.get(key)
            if known is None:
                known = self._numbers[key] = len(self._numbers)
                met(key)
            numbers[i] = known
        return numbers[inverse.reshape(-1)]


class RowTable:
    """Sums by node: thread, stack, garbage collection on top."""

    def __init__(self) -> None:
        self._numbering = _Numbering()
        self._keys: list[tuple[int, ...]] = []
        self._states = np.zeros((0, _STATES))
        self._blocked = np.zeros((0, _WHERES))
        self._account = np.zeros((0, 3))

    def rows(self, thread: Ids, stack: Ids, gc: npt.NDArray[np.bool_]) -> Rows:
        """The node row of each look."""
        columns = (thread.astype(np.int64), stack.astype(np.int64), gc.astype(np.int64))
        rows = self._numbering.number(columns, self._keys.append)
        self._states = _grown(self._states, len(self._keys))
        self._blocked = _grown(self._blocked, len(self._keys))
        self._account = _grown(self._account, len(self._keys))
        return rows

    def add(self, rows: Rows, looks: LookVerdicts, weight: Floats) -> None:
        """Add looks of ``weight`` nanoseconds each."""
        _add(self._states, rows, looks.state, weight)
        _add(self._blocked, rows, np.where(looks.state == State.BLOCKED, looks.where, NOT_APPLICABLE), weight)
        overdue = np.where(looks.overdue, 0, NOT_APPLICABLE).astype(np.uint8)
        _add(self._account, rows, overdue, weight)

    def blame(self, rows: Rows, victims_ns: Floats, weight: Floats) -> None:
        """Charge others' waiting, and the time in which there was any, to the holders."""
        _add(self._account, rows, np.full(len(rows), 1, np.uint8), victims_ns)
        _add(self._account, rows, np.full(len(rows), 2, np.uint8), weight)

    def sums(self) -> NodeSums:
        """A snapshot."""
        n = len(self._keys)
        keys = np.array(self._keys, np.int32).reshape(-1, 3)
        overdue, blamed, blocking = self._account[:n].T.copy()
        return NodeSums(
            thread=keys[:, 0].copy(),
            stack=keys[:, 1].copy(),
            gc=keys[:, 2] != 0,
            states_ns=self._states[:n].copy(),
            blocked_in_ns=self._blocked[:n].copy(),
            overdue_ns=overdue,
            blamed_ns=blamed,
            blocking_ns=blocking,
        )


class PairTable:
    """Sums by holder's node and waiter's node."""

    def __init__(self) -> None:
        self._numbering = _Numbering()
        self._keys: list[tuple[int, ...]] = []
        self._origins = np.zeros((0, _ORIGINS))
        self._overdue = np.zeros((0, 1))

    def add(
        self,
        holder: Rows,
        waiter: Rows,
        origin: npt.NDArray[np.uint8],
        overdue: npt.NDArray[np.bool_],
        weight: Floats,
    ) -> None:
        """Add waiting looks of ``weight`` nanoseconds each."""
        rows = self._numbering.number((holder.astype(np.int64), waiter.astype(np.int64)), self._keys.append)
        self._origins = _grown(self._origins, len(self._keys))
        self._overdue = _grown(self._overdue, len(self._keys))
        _add(self._origins, rows, origin, weight)
        _add(self._overdue, rows, np.where(overdue, 0, NOT_APPLICABLE).astype(np.uint8), weight)

    def sums(self) -> PairSums:
        """A snapshot."""
        n = len(self._keys)
        keys = np.array(self._keys, np.int32).reshape(-1, 2)
        return PairSums(
            holder=keys[:, 0].copy(),
            waiter=keys[:, 1].copy(),
            origin_ns=self._origins[:n].copy(),
            overdue_ns=self._overdue[:n, 0].copy(),
        )
