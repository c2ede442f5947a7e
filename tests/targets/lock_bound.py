"""lock_bound.py [N=3] [HOLD_MS=100]: N workers want one threading.Lock; whoever has it sleeps HOLD_MS with
it.

Truth: nobody uses the GIL. At any moment one worker is blocked in ``sleep`` and the others in ``lock``, on
the line of this file that ``extra["line"]`` names, in ``work``. ``sleep_s`` and ``lock_s`` by the worker's
own CLOCK_MONOTONIC stamps.
"""

from __future__ import annotations

import threading
import time

from common import RELEASING, Ready, Row, argument, run

HOLD_US = argument(2, 100) * 1000
shared = threading.Lock()


def work(row: Row, ready: Ready) -> None:
    ready()
    while True:
        start = time.monotonic()
        shared.acquire()  # the line
        middle = time.monotonic()
        RELEASING.usleep(HOLD_US)
        end = time.monotonic()
        shared.release()
        row[1] += end - middle
        row[2] += middle - start


if __name__ == "__main__":
    line = work.__code__.co_firstlineno + 4
    run({f"worker-{n}": work for n in range(argument(1, 3))}, ["sleep_s", "lock_s"], line=line)
