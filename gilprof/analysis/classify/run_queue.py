"""Time in the kernel's run queue, and what a thread was doing while it stood there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gilprof.analysis.classify.verdicts import LookVerdicts
from gilprof.facts.arrays import Floats, Rows
from gilprof.facts.by_thread import by_thread


@dataclass(frozen=True, slots=True)
class QueueTime:
    """Time in which threads stood ready without a CPU, and where they were meanwhile.

    The kernel adds that time to a thread's account when the thread gets a CPU (Linux 6.1, sched_info_arrive in
    kernel/sched/stats.h). What the look behind that shows comes after it: a thread may have taken the GIL at once. So
    it belongs to the look before.
    """

    look: Rows
    """The looks that the account has grown at."""
    before: Rows
    """The same threads' looks before them; where these looks have none, the same."""
    ns: Floats
    """By how much the account has grown."""

    @classmethod
    def of(cls, looks: LookVerdicts) -> QueueTime:
        """Of all looks of some passes."""
        look = np.flatnonzero(looks.queued_ns)
        if len(look) == 0:
            return cls(look, look, looks.queued_ns[look])
        order = by_thread(looks.thread)
        ids = looks.thread[order]
        before = np.empty_like(order)
        before[order] = np.where(np.diff(ids, prepend=-1) == 0, np.roll(order, 1), order)
        return cls(look, before[look], looks.queued_ns[look])
