"""What every thread did when: runs of looks at the same thing, for formats that keep the order of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Protocol

import numpy as np

from gilprof.analysis.classify import Verdicts
from gilprof.exporters.spool import RowArray, Spool
from gilprof.facts.arrays import Rows
from gilprof.facts.definitions import Definitions
from gilprof.model import NONE, State, ThreadSeen

SLICE_DTYPE = np.dtype(
    [
        ("start_ns", "<i8"),
        ("first_end_ns", "<i8"),
        ("end_ns", "<i8"),
        ("cpu_ns", "<f8"),
        ("blocked_until_ns", "<i8"),
        ("blocker", "<i4"),
        ("thread", "<i4"),
        ("stack", "<i4"),
        ("state", "u1"),
        ("gc", "?"),
    ]
)
"""A run of looks of one thread at the same stack in the same state, each at the end of its pass's weight and
next to the one before it. CLOCK_MONOTONIC. ``first_end_ns``: of the first look alone. ``cpu_ns``: by the kernel's
account. ``blocker``: the thread that had the GIL in the last pass of the run in which that is known, while this
one waited, and ``blocked_until_ns`` that pass; ``NONE`` and 0 without one."""

GIL_DTYPE = np.dtype([("start_ns", "<i8"), ("end_ns", "<i8"), ("waiters", "<u4"), ("holder_state", "u1")])
"""A run of passes with so many threads waiting, and the GIL's holder in this state; ``FREE``: nobody's."""

PASS_TIME_DTYPE = np.dtype([("t_ns", "<i8"), ("weight_ns", "<i8"), ("holder", "<i4"), ("gil", "<i4"), ("begins", "?")])
"""A pass and a GIL, and the time up to the pass that it stands for. ``holder``: the thread that had the GIL; ``NONE``:
nobody; ``UNREADABLE``: it is not known who. ``gil``: the GIL domain's id. ``begins``: the row is the first of its
pass."""

FREE = 255
BLOCK_ROWS = 100_000
"""How many rows are kept in memory at most, apart from those of one batch."""
_STATE = ("thread", "state")
_STACK = (*_STATE, "stack", "gc")


class TimeOrdered(Protocol):
    """What formats in the order of time are made from: a ``Timeline``, or those of several processes."""

    @property
    def first_ns(self) -> int:
        """CLOCK_MONOTONIC since when there is observed time."""

    @property
    def last_ns(self) -> int:
        """CLOCK_MONOTONIC until when there is observed time."""

    @property
    def threads(self) -> dict[int, ThreadSeen]:
        """Those with looks, by id."""

    def last_of(self, thread: int) -> int:
        """CLOCK_MONOTONIC of the last pass over the thread's process."""

    def finish(self) -> None:
        """No verdict follows; can be called twice."""

    def slices(self, thread: int) -> Iterator[RowArray]:
        """A thread's, in the order of time, block by block; none is empty."""

    def gils(self) -> list[int]:
        """The ids of the GIL domains that were seen."""

    def gil(self, number: int) -> Iterator[RowArray]:
        """``GIL_DTYPE`` of a GIL domain, in the order of time, block by block."""


class Timeline:
    """Takes a profile's verdicts as they are reached, and keeps them as slices; bounded by threads, not by time."""

    def __init__(self) -> None:
        self._slices = Spool(SLICE_DTYPE)
        self._done: list[RowArray] = []
        self._open = np.empty(0, SLICE_DTYPE)
        self._parts: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
        self._gils: dict[int, _GilRuns] = {}
        self._passes = Spool(PASS_TIME_DTYPE)
        self._done_passes: list[RowArray] = []
        self.threads: dict[int, ThreadSeen] = {}
        """Those with looks, by id."""
        self.gil_of: dict[int, int] = {}
        """The GIL domain that each thread belonged to last, by the thread's id."""
        self._begun = False
        self.first_ns = 0
        """CLOCK_MONOTONIC since when there is observed time."""
        self.last_ns = 0
        """CLOCK_MONOTONIC until when there is observed time."""

    def take(self, definitions: Definitions, ids: Rows, verdicts: Verdicts) -> None:
        """Verdicts in the order of time, at least a pass; ``ids``: the thread of each look."""
        if not self._begun:
            self.first_ns, self._begun = int(verdicts.passes.t_ns[0]), True
        self.last_ns = int(verdicts.passes.t_ns[-1])
        for number in np.unique(ids).tolist():
            unnamed = ThreadSeen(number, number, f"thread {number}")
            self.threads[number] = definitions.threads.get(number, self.threads.get(number, unnamed))
        slices = merged(np.concatenate([self._open, _looks(ids, verdicts)]), _STACK)
        may_grow = slices["end_ns"] == self.last_ns
        self._done.append(slices[~may_grow])
        self._open = slices[may_grow]
        with_gil = verdicts.looks.with_gil
        domain = verdicts.passes.domain[verdicts.looks.pass_row]
        self.gil_of |= dict(zip(ids[with_gil].tolist(), domain[with_gil].tolist(), strict=True))
        for number, part in verdicts.by_domain().items():
            self._gils.setdefault(number, _GilRuns()).add(_gil(part))
        self._done_passes.append(_passes(ids, verdicts))
        runs = sum(map(len, self._gils.values()))
        if runs + sum(map(len, self._done + self._done_passes)) >= BLOCK_ROWS:
            self._put_away()

    def last_of(self, thread: int) -> int:
        """CLOCK_MONOTONIC of the last pass over the thread's process."""
        return self.last_ns

    def finish(self) -> None:
        """No verdict follows; can be called twice."""
        self._done.append(self._open)
        self._open = self._open[:0]
        for gil in self._gils.values():
            gil.finish()
        self._put_away()

    def slices(self, thread: int) -> Iterator[RowArray]:
        """A thread's, in the order of time, block by block; none is empty."""
        for block, first, count in self._parts.get(thread, ()):
            yield self._slices.part(block, first, count)

    def gils(self) -> list[int]:
        """The ids of the GIL domains that were seen."""
        return sorted(self._gils)

    def gil(self, number: int) -> Iterator[RowArray]:
        """``GIL_DTYPE`` of a GIL domain, in the order of time, block by block."""
        return self._gils[number].blocks()

    def passes(self) -> Iterator[RowArray]:
        """``PASS_TIME_DTYPE``, in the order of time, block by block; a pass is not cut."""
        return self._passes.blocks()

    def _put_away(self) -> None:
        """What can grow no more, but for what lasted no time."""
        slices, self._done = np.concatenate(self._done), []
        for gil in self._gils.values():
            gil.put_away()
        if self._done_passes:
            self._passes.add(np.concatenate(self._done_passes))
            self._done_passes = []
        slices = slices[slices["end_ns"] > slices["start_ns"]]
        slices = slices[np.argsort(slices["thread"], kind="stable")]
        if len(slices):
            number = self._slices.add(slices)
            threads, first, count = np.unique(slices["thread"], return_index=True, return_counts=True)
            for thread, *part in zip(threads.tolist(), first.tolist(), count.tolist(), strict=True):
                self._parts[thread].append((number, *part))


class _GilRuns:
    """Runs of passes of one GIL."""

    def __init__(self) -> None:
        self._spool = Spool(GIL_DTYPE)
        self._done: list[RowArray] = []
        self._open = np.empty(0, GIL_DTYPE)

    def add(self, rows: RowArray) -> None:
        """The next passes, as runs."""
        runs = merged(np.concatenate([self._open, rows]), ("waiters", "holder_state"))
        self._done.append(runs[:-1])
        self._open = runs[-1:]

    def __len__(self) -> int:
        """Of those that can grow no more, how many are in memory still."""
        return sum(map(len, self._done))

    def finish(self) -> None:
        self._done.append(self._open)
        self._open = self._open[:0]

    def put_away(self) -> None:
        rows = np.concatenate([self._open[:0], *self._done])
        self._done.clear()
        if len(rows):
            self._spool.add(rows)

    def blocks(self) -> Iterator[RowArray]:
        return self._spool.blocks()


def merged(rows: RowArray, same: tuple[str, ...]) -> RowArray:
    """Rows by thread and time, neighbours without a gap that agree in ``same`` made one."""
    if len(rows) == 0:
        return rows
    if "thread" in same:
        rows = rows[np.argsort(rows["thread"], kind="stable")]
    begins = np.ones(len(rows), np.bool_)
    begins[1:] = rows["start_ns"][1:] != rows["end_ns"][:-1]
    for name in same:
        begins[1:] |= rows[name][1:] != rows[name][:-1]
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(rows)) - 1
    out = rows[first]
    out["end_ns"] = rows["end_ns"][last]
    if "cpu_ns" in (rows.dtype.names or ()):
        out["cpu_ns"] = np.add.reduceat(rows["cpu_ns"], first)
        last_known = np.maximum.reduceat(np.where(rows["blocker"] >= 0, np.arange(len(rows)), -1), first)
        last_known = np.where(last_known < 0, first, last_known)
        out["blocker"], out["blocked_until_ns"] = rows["blocker"][last_known], rows["blocked_until_ns"][last_known]
    return out


def state_runs(blocks: Iterator[RowArray]) -> Iterator[RowArray]:
    """Slices of one thread, merged whatever the stack."""
    open_run = np.empty(0, SLICE_DTYPE)
    for block in blocks:
        runs = merged(np.concatenate([open_run, block]), _STATE)
        open_run = runs[-1:]
        yield runs[:-1]
    yield open_run


def _looks(ids: Rows, verdicts: Verdicts) -> RowArray:
    """Each look as a slice."""
    passes, looks = verdicts.passes, verdicts.looks
    out = np.zeros(len(ids), SLICE_DTYPE)
    end_ns = passes.t_ns[looks.pass_row]
    out["start_ns"] = end_ns - np.rint(passes.weight_ns).astype(np.int64)[looks.pass_row]
    out["first_end_ns"] = out["end_ns"] = end_ns
    out["cpu_ns"], out["thread"], out["stack"] = looks.cpu_ns, ids, looks.stack
    out["state"], out["gc"], out["blocker"] = looks.state, looks.gc, NONE
    holder = passes.holder[looks.pass_row]
    blocked = (looks.state == State.WAITING) & (holder >= 0)
    out["blocker"][blocked] = ids[holder[blocked]]
    out["blocked_until_ns"][blocked] = end_ns[blocked]
    return out


def _gil(verdicts: Verdicts) -> RowArray:
    """Each pass as a run."""
    passes, looks = verdicts.passes, verdicts.looks
    out = np.zeros(len(passes.t_ns), GIL_DTYPE)
    out["end_ns"] = passes.t_ns
    out["start_ns"] = passes.t_ns - np.rint(passes.weight_ns).astype(np.int64)
    waits = looks.pass_row[looks.state == State.WAITING]
    out["waiters"] = np.bincount(waits, minlength=len(out))
    has_holder = passes.holder >= 0
    out["holder_state"] = np.where(passes.holder == NONE, FREE, State.UNKNOWN)
    out["holder_state"][has_holder] = looks.state[passes.holder[has_holder]]
    return out


def _passes(ids: Rows, verdicts: Verdicts) -> RowArray:
    """When each pass was, and who had which GIL."""
    passes = verdicts.passes
    out = np.zeros(len(passes.t_ns), PASS_TIME_DTYPE)
    out["t_ns"], out["weight_ns"], out["holder"] = passes.t_ns, np.rint(passes.weight_ns), passes.holder
    out["gil"], out["begins"] = passes.domain, passes.begins
    known = passes.holder >= 0
    out["holder"][known] = ids[passes.holder[known]]
    return out
