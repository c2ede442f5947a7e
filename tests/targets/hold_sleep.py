"""hold_sleep.py [HOLD_MS=20] [GAP_MS=20]: sleeps in C with the GIL kept, then as long without; a spinner
beside it.

Truth: ``sleeper`` is held_blocked (in ``sleep``) for HOLD_MS at a stretch, blocked for GAP_MS, and waits
for the GIL for up to a switch interval after each gap. ``spin`` waits while the sleeper holds. ``held_s``:
seconds slept with the GIL, ``gap_s``: without, each by CLOCK_MONOTONIC around the call (the gap's includes
the wait after it); ``naps``: of each.
"""

from __future__ import annotations

import time

from common import HOLDING, RELEASING, Ready, Row, argument, run
from spin import spin

HOLD_US = argument(1, 20) * 1000
GAP_US = argument(2, 20) * 1000


def sleep_holding(row: Row, ready: Ready) -> None:
    ready()
    while True:
        start = time.monotonic()
        HOLDING.usleep(HOLD_US)
        middle = time.monotonic()
        RELEASING.usleep(GAP_US)
        row[1] += middle - start
        row[2] += time.monotonic() - middle
        row[3] += 1


if __name__ == "__main__":
    run({"sleeper": sleep_holding, "spin": spin}, ["held_s", "gap_s", "naps"])
