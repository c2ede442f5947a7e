"""Which threads were woken from a sleep, and have not done since what they were woken for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gilprof.analysis.classify.running import carried
from gilprof.facts.arrays import Bools, Floats, Rows
from gilprof.facts.by_thread import by_thread
from gilprof.model import (
    SYSCALL_OUTSIDE,
    SYSCALL_RUNNING,
    TIMESLICES_UNREADABLE,
    LookArray,
    LookFlag,
    PassArray,
    PassFlag,
    TargetInfo,
)

_NEVER = -1.0


class Woken(NamedTuple):
    """For each look, whether the thread is runnable after a sleep ..."""

    outside: Bools
    """... outside the GIL, and has not run since: it cannot have asked for the GIL yet, it is on its way back from a
    call without it."""
    inside: Bools
    """... inside the GIL's struct, and cannot have got the GIL since."""


def within(gil_word: npt.NDArray[np.int16], span: tuple[int, int]) -> Bools:
    """Whether these offsets inside the GIL's struct lie in this part of it."""
    out: Bools = (gil_word >= span[0]) & (gil_word < span[1])
    return out


class Sleeps:
    """Remembers each thread's last sleeps: how many time slices it had had, and how often the GIL had changed hands.

    - The kernel counts a time slice when it puts the thread on a CPU (``sched_info_arrive``, kernel/sched/stats.h): as
      long as the count is the same, a runnable thread stands in the queue. Kernels that do not count tell nothing.
    - ``switch_number`` counts the takes by another thread than ``last_holder`` (``take_gil`` in Python/ceval_gil.c,
      CPython 3.8 to 3.15): as long as it is the same, who slept there and is not the last holder has not taken the GIL.
      A torn pass does not tell; nor does a sleep in ``drop_gil``, behind which a call without the GIL may follow.
    """

    def __init__(self, info: TargetInfo) -> None:
        self._take_gil = (info.gil_cond, info.gil_mutex)
        self._remembered = np.empty((4, 0))
        """A column a thread: time slices at the last sleep outside the GIL, at the last one inside; switch number and
        GIL domain at the last one in ``take_gil``. ``_NEVER``: none seen."""

    def woken(self, passes: PassArray, looks: LookArray, row: Rows) -> Woken:
        """Rows in the order of time; ``row``: of each look's pass."""
        thread = looks["thread"]
        self._grow(int(thread.max(initial=-1)) + 1)
        order = by_thread(thread)
        ids, looks, row = thread[order], looks[order], row[order]
        first = np.diff(ids, prepend=-1) != 0
        ends = np.flatnonzero(np.append(first[1:], True)) if len(ids) else np.zeros(0, np.int64)

        def same_as(asleep: Bools, values: Floats, remembered: Floats) -> Bools:
            """Whether the value is that of the thread's last row ``asleep``."""
            before = carried(np.where(asleep, values, np.nan), first, remembered[ids])
            remembered[ids[ends]] = before[ends]
            out: Bools = values == before
            return out

        outside_slices, inside_slices, switch_number, domain = self._remembered
        timeslices = looks["timeslices"].astype(np.float64)
        on_gil = looks["gil_word"] >= 0
        asleep = looks["syscall"] >= SYSCALL_OUTSIDE
        counted = (timeslices > 0) & (timeslices != TIMESLICES_UNREADABLE)
        outside = counted & same_as(asleep & ~on_gil & counted, timeslices, outside_slices)
        inside = counted & same_as(asleep & on_gil & counted, timeslices, inside_slices)
        taking = asleep & np.logical_or(*(within(looks["gil_word"], span) for span in self._take_gil))
        not_taken = ((looks["flags"] & LookFlag.LAST_HOLDER) == 0) & ((passes["flags"][row] & PassFlag.TORN) == 0)
        not_taken &= same_as(taking, passes["switch_number"][row].astype(np.float64), switch_number)
        not_taken &= same_as(taking, passes["domain"][row].astype(np.float64), domain)
        runs = looks["syscall"] == SYSCALL_RUNNING
        out = np.empty((2, len(looks)), np.bool_)
        out[:, order] = runs & outside, runs & (inside | not_taken)
        return Woken(*out)

    def forget(self, threads: Rows) -> None:
        """Other threads will come under these numbers."""
        self._remembered[:, threads[threads < self._remembered.shape[1]]] = _NEVER

    def _grow(self, size: int) -> None:
        columns, known = self._remembered.shape
        if size > known:
            extra = np.full((columns, max(size, 2 * known) - known), _NEVER)
            self._remembered = np.append(self._remembered, extra, axis=1)
