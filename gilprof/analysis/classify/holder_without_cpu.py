"""Runnable, and asked to drop the GIL: does the holder keep it, or has it no CPU to obey with?

The kernel does not say at the moment of the look whether a runnable thread is on a CPU or queued for one. Its
schedstat does when it next changes: time in the queue is added when the thread gets a CPU, CPU time at every tick of
a thread that is on one (Linux 6.1: sched_info_arrive in kernel/sched/stats.h, update_curr in kernel/sched/fair.c).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gilprof.facts.arrays import Bools, Rows

NO_TICK_NS = 200_000_000
"""A thread whose CPU time has not grown for so long is not on a CPU; decided then, however long it goes on. Containers
that have used up their share stand still for up to 100 ms (cgroup v2, cpu.max)."""
OPEN = np.uint8(254)
"""Not decided yet."""


def decide_starving(
    starving: npt.NDArray[np.uint8], stay: Rows, t_ns: Rows, cpu_ns: Rows, queued_ns: Rows, complete: Bools
) -> npt.NDArray[np.uint8]:
    """``starving`` (0 or 1) with every ``OPEN`` look decided whose thread's schedstat has a change behind it.

    All columns: one row a look, sorted by thread, then by time. ``stay`` numbers the stretches of passes without a
    break in which one thread was seen. ``cpu_ns``, ``queued_ns`` are cumulative. ``complete``: the stay has ended; a
    look without a change behind it had a CPU.
    """
    look = np.flatnonzero(starving == OPEN)
    if len(look) == 0:
        return starving
    rows = np.arange(len(stay))
    last = np.searchsorted(stay, stay, side="right") - 1
    same = (stay[1:] == stay[:-1]) & (cpu_ns[1:] == cpu_ns[:-1]) & (queued_ns[1:] == queued_ns[:-1])
    change = np.minimum.accumulate(np.where(np.append(~same, True), rows + 1, len(rows))[::-1])[::-1][look]
    changed = change <= last[look]
    event = np.minimum(change, last[look])
    out_of_queue_ns = (t_ns[event - 1] + t_ns[event]) // 2
    was_queued = changed & (queued_ns[event] - queued_ns[look] >= out_of_queue_ns - t_ns[look])
    no_tick = t_ns[np.maximum(event - changed, look)] - t_ns[look] >= NO_TICK_NS
    out = starving.copy()
    decided = changed | no_tick | complete[look]
    out[look[decided]] = (was_queued | no_tick)[decided]
    return out
