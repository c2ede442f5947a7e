"""Runnable, not the holder, not asleep on the GIL: is it released, or on its way to the GIL?

Such a thread either computes without the GIL (``released``) or was woken for it, or made to drop it, and
only queues for a CPU (``waiting``). The kernel does not say which at the moment of the look; what the thread
did next, and its schedstat, do:

- schedstat counts a thread's time slices, and its time queued before each. A look whose time slice is still
  the same when the thread has acted (taken the GIL, gone to sleep) was on a CPU. With a new slice in between,
  the time queued says when the thread lost the CPU: before the look or after it.
- A thread on a CPU without the GIL is released. A queued one is released if it then computed on without the
  GIL, or had been doing so; it was waiting if it had nothing to do but to go for the GIL.

The decision over a run of such looks needs the look behind it; runs are cut into blocks of ``BLOCK`` looks, so
that a thread that computes for hours is decided in time.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gilprof.model import State

BLOCK = 50
"""Looks after which a run is decided although it goes on."""
IDLE_CPU_NS = 50_000.0
"""CPU time that going for the GIL takes at most: waking, the mutex, going to sleep on the condition variable."""

UNDECIDED = np.uint8(254)

Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


def decide_runs(
    thread: npt.NDArray[np.int32],
    state: npt.NDArray[np.uint8],
    t_ns: npt.NDArray[np.float64],
    cpu_ns: npt.NDArray[np.float64],
    queued_ns: npt.NDArray[np.float64],
    timeslices: npt.NDArray[np.int64],
    complete: Bools,
) -> npt.NDArray[np.uint8]:
    """``state`` with every ``UNDECIDED`` look decided whose block has a look behind it.

    All columns: one row a look, sorted by thread, then by time. ``cpu_ns``, ``queued_ns``, ``timeslices`` are
    cumulative. ``complete``: no look of this thread will ever follow the last one here; its last run is
    decided without a look behind it.
    """
    rows = np.arange(len(state))
    open_look = state == UNDECIDED
    if not open_look.any():
        return state
    block_end = _block_ends(thread, open_look)
    has_border = (block_end < len(state)) & (thread[np.minimum(block_end, len(state) - 1)] == thread)
    look = rows[open_look & (has_border | complete)]
    last = np.where(has_border, block_end, block_end - 1)[look]

    changed = np.append(timeslices[1:] != timeslices[:-1], True)
    changed[:-1] |= thread[1:] != thread[:-1]
    next_slice = np.minimum.accumulate(np.where(changed, rows + 1, len(state))[::-1])[::-1]
    event = np.minimum(next_slice[look], last)
    same_slice = timeslices[event] == timeslices[look]
    acted = state[event] != UNDECIDED

    # Queued before the event for q: it lost the CPU at about (event - q).
    queued = queued_ns[event] - queued_ns[look]
    lost_cpu_at = (t_ns[event] + t_ns[np.maximum(event - 1, 0)]) / 2 - queued
    ran_on = cpu_ns[event] > cpu_ns[look]
    on_cpu = np.where(same_slice, acted | ran_on | (event == look), t_ns[look] < lost_cpu_at)

    # A holder's CPU time is up to a tick stale, so nothing can be told from it there.
    computed_on = cpu_ns[last] - cpu_ns[look] > IDLE_CPU_NS
    out = state.copy()
    out[look] = np.where(on_cpu | computed_on, State.RELEASED, State.WAITING)
    return out


def _block_ends(thread: npt.NDArray[np.int32], open_look: Bools) -> Rows:
    """For each open look, the row behind its block (maybe another thread's, or behind the end)."""
    rows = np.arange(len(open_look))
    follows = np.zeros(len(open_look), np.bool_)
    follows[1:] = open_look[1:] & open_look[:-1] & (thread[1:] == thread[:-1])
    run_start = np.maximum.accumulate(np.where(open_look & ~follows, rows, 0))
    goes_on = np.append(follows[1:], False)
    run_end = np.minimum.accumulate(np.where(open_look & ~goes_on, rows + 1, len(rows))[::-1])[::-1]
    block_start = run_start + (rows - run_start) // BLOCK * BLOCK
    return np.minimum(block_start + BLOCK, run_end)
