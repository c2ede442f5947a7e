"""Runnable, not the holder, not asleep on the GIL: is it released, or on its way to the GIL?

Such a thread either computes without the GIL (``released``), or was woken for it or made to drop it, and only
queues for a CPU or passes through the GIL's mutex (``waiting``). The kernel does not say which at the moment of
the look; the thread's schedstat (CPU time, number of time slices) up to the next time that it is seen to have
acted does:

- it acted in the same time slice: it was on a CPU, computing;
- it was put on a CPU a few times at most, and used more CPU than going for the GIL takes: it computed;
- ... and used next to none: it had nothing to do but to go for the GIL. How much is next to none depends on
  whether anybody was seen going for the GIL at that moment (the users of its mutex that are awake), and on whether it
  had the GIL until then, for so long that it was asked to drop it: then it stands inside drop_gil, on a CPU or not.
  If it has the GIL at the next look, what it used behind the last one without it was used with it;
- it had many time slices and never slept between them, it was preempted: it computed. Whoever wants a GIL that
  others have sleeps;
- many time slices with sleep between them (it passes the GIL to and fro), or one that has not ended: no
  telling. Then it is released if nobody was seen going for the GIL, or if it had been on a CPU all the time
  before the look.

The thresholds were fitted against exact tracing of ten programs (docs/accuracy.md). The decision over a run of
such looks needs a look behind it; runs are cut into blocks of ``BLOCK`` looks, so that a thread that computes for
hours is decided in time.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gilprof.facts.arrays import Bools, Floats, Rows
from gilprof.model import State

BLOCK = 50
"""Looks after which a run is decided although it goes on."""
FEW_TIMESLICES = 4
GOING_FOR_GIL_NS = 100_000.0
"""CPU time that waking up, the mutex and going to sleep on the condition variable take at most."""
UNSEEN_GOING_FOR_GIL_NS = 20_000.0
"""The same for a thread that nothing shows to be on that way: neither ``made_to_drop`` nor inside the GIL's mutex."""
AWAKE_SHARE = 0.9
"""On a CPU or queued for one for this share of the time: it never slept, but for what the kernel's accounts lack."""

UNDECIDED = np.uint8(254)


def decide_runs(
    stay: Rows,
    state: npt.NDArray[np.uint8],
    t_ns: Rows,
    cpu_ns: Floats,
    queued_ns: Floats,
    timeslices: Rows,
    computed_before: Bools,
    gil_sought: Bools,
    made_to_drop: Bools,
    complete: Bools,
) -> npt.NDArray[np.uint8]:
    """``state`` with every ``UNDECIDED`` look decided whose block has a look behind it.

    All columns: one row a look, sorted by thread, then by time. ``stay`` numbers the stretches of passes without a
    break in which one thread was seen. ``cpu_ns``, ``queued_ns``, ``timeslices`` are cumulative.
    ``computed_before``: on a CPU all the time since the look before. ``gil_sought``: some thread was awake
    inside take_gil or drop_gil in that pass. ``made_to_drop``: when it was last known what the thread does, it had
    the GIL for a switch interval or longer, and others have had it since or will get it. ``complete``: the stay has
    ended; its last run is decided without a look behind it.
    """
    rows = np.arange(len(state))
    open_look = state == UNDECIDED
    if not open_look.any():
        return state
    block_end = _block_ends(stay, open_look)
    has_border = (block_end < len(state)) & (stay[np.minimum(block_end, len(state) - 1)] == stay)
    look = rows[open_look & (has_border | complete)]
    last = np.where(has_border, block_end, block_end - 1)[look]

    changed = np.append((timeslices[1:] != timeslices[:-1]) | (stay[1:] != stay[:-1]), True)
    next_slice = np.minimum.accumulate(np.where(changed, rows + 1, len(state))[::-1])[::-1]
    first = np.minimum(next_slice[look], last)
    # Put on a CPU, and still neither holding nor asleep: only the end of that time slice tells its CPU time.
    end = np.where(state[first] == UNDECIDED, next_slice[first], next_slice[look])
    event = np.minimum(end, last)
    slice_goes_on = (state[event] == UNDECIDED) & (end > last)
    new_slices = timeslices[event] - timeslices[look]
    used_ns = cpu_ns[event] - cpu_ns[look]
    runnable_ns = used_ns + queued_ns[event] - queued_ns[look]

    dropped = made_to_drop[look]
    acted_at_once = (new_slices == 0) & (state[event] != UNDECIDED) & ~dropped
    computed = used_ns > np.where(gil_sought[look] | dropped, GOING_FOR_GIL_NS, UNSEEN_GOING_FOR_GIL_NS)
    got_gil = (state[event] == State.HELD) | (state[event] == State.HELD_BLOCKED)
    used_before_ns = cpu_ns[np.maximum(event - 1, look)] - cpu_ns[look]
    computed = np.where(dropped & got_gil & (new_slices > 0), used_before_ns > GOING_FOR_GIL_NS, computed)
    preempted = runnable_ns >= AWAKE_SHARE * (t_ns[event] - t_ns[look])
    if_not_told = (computed_before[look] | ~gil_sought[look]) & ~dropped
    few = new_slices <= FEW_TIMESLICES
    released = np.select(
        [few & slice_goes_on, few],
        [computed | if_not_told, acted_at_once | computed],
        (computed & preempted) | if_not_told,
    )
    out = state.copy()
    out[look] = np.where(released, State.RELEASED, State.WAITING)
    return out


def _block_ends(stay: Rows, open_look: Bools) -> Rows:
    """For each open look, the row behind its block (maybe another stay's, or behind the end)."""
    rows = np.arange(len(open_look))
    follows = np.zeros(len(open_look), np.bool_)
    follows[1:] = open_look[1:] & open_look[:-1] & (stay[1:] == stay[:-1])
    run_start = np.maximum.accumulate(np.where(open_look & ~follows, rows, 0))
    goes_on = np.append(follows[1:], False)
    run_end = np.minimum.accumulate(np.where(open_look & ~goes_on, rows + 1, len(rows))[::-1])[::-1]
    block_start = run_start + (rows - run_start) // BLOCK * BLOCK
    return np.minimum(block_start + BLOCK, run_end)
