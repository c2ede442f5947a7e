"""Which threads were woken from a sleep outside the GIL and have not been on a CPU since."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gilprof.analysis.classify.running import carried
from gilprof.facts.by_thread import by_thread
from gilprof.model import SYSCALL_OUTSIDE, SYSCALL_RUNNING, TIMESLICES_UNREADABLE, LookArray


class Sleeps:
    """Remembers each thread's time slices at its last sleep outside the GIL.

    The kernel counts a time slice when it puts the thread on a CPU (``sched_info_arrive``, kernel/sched/stats.h): as
    long as the count is the same, a runnable thread stands in the queue. It has not run, so it cannot have asked for
    the GIL yet: it is on its way back from a call without it.
    """

    def __init__(self) -> None:
        self._asleep_at = np.zeros(0)

    def woken(self, looks: LookArray) -> npt.NDArray[np.bool_]:
        """For each look, whether the thread is runnable and has not run since it slept. Rows in the order of time."""
        thread = looks["thread"]
        self._grow(int(thread.max(initial=-1)) + 1)
        order = by_thread(thread)
        ids, sorted_looks = thread[order], looks[order]
        first = np.diff(ids, prepend=-1) != 0
        timeslices = sorted_looks["timeslices"].astype(np.float64)
        asleep = (sorted_looks["syscall"] >= SYSCALL_OUTSIDE) & (sorted_looks["gil_word"] < 0)
        asleep &= timeslices != TIMESLICES_UNREADABLE
        asleep_at = carried(np.where(asleep, timeslices, np.nan), first, self._asleep_at[ids])
        out = np.empty(len(looks), np.bool_)
        runs = sorted_looks["syscall"] == SYSCALL_RUNNING
        # Kernels that do not count time slices tell nothing.
        out[order] = runs & (timeslices == asleep_at) & (timeslices > 0)
        ends = np.flatnonzero(np.append(first[1:], True)) if len(ids) else np.zeros(0, np.int64)
        self._asleep_at[ids[ends]] = asleep_at[ends]
        return out

    def forget(self, threads: npt.NDArray[np.int64]) -> None:
        """Other threads will come under these numbers."""
        self._asleep_at[threads[threads < len(self._asleep_at)]] = 0.0

    def _grow(self, size: int) -> None:
        if size > len(self._asleep_at):
            extra = max(size, 2 * len(self._asleep_at)) - len(self._asleep_at)
            self._asleep_at = np.append(self._asleep_at, np.zeros(extra))
