"""stamped_holds.py: sleeps in C with the GIL kept, for lengths from 5 to 150 ms, beside a spinner that stamps its
waits.

Truth: ``spin`` reads the clock all the time; a stretch of more than 2 ms between two readings is a wait for the GIL,
or for a CPU. ``count``: how many of them; then ``start_0``, ``end_0``, ``start_1``, ... (CLOCK_MONOTONIC, in seconds),
the first STAMPS of them. ``holder`` writes the beginnings of its holds into ``start_N``: a stretch with one inside is a
wait for the GIL.
"""

from __future__ import annotations

import random
import time

from common import HOLDING, RELEASING, Ready, Row, run

STAMPS = 400


def hold(row: Row, ready: Ready) -> None:
    lengths = random.Random(1)
    count = 0
    ready()
    while True:
        RELEASING.usleep(lengths.randrange(5_000, 20_000))
        if count < STAMPS:
            row[2 + 2 * count] = time.monotonic()
            count += 1
            row[1] = count
        HOLDING.usleep(lengths.randrange(5_000, 150_000))


def spin(row: Row, ready: Ready) -> None:
    count = 0
    before = time.monotonic()
    ready()
    while True:
        now = time.monotonic()
        if now - before > 0.002 and count < STAMPS:
            row[2 + 2 * count], row[3 + 2 * count] = before, now
            count += 1
            row[1] = count
        before = now


if __name__ == "__main__":
    stamps = [f"{edge}_{number}" for number in range(STAMPS) for edge in ("start", "end")]
    run({"spin": spin, "holder": hold}, ["count", *stamps])
