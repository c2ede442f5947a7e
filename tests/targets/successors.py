"""successors.py [HOLD_MS=30]: one thread after the other, each of which keeps the GIL for HOLD_MS asleep in one C call.

Truth: the GIL is held all the time, but for where a thread ends and the next one begins; no thread is native. The state
of a new thread comes to lie where that of the last one lay. Worker: ``maker``, which waits for each. ``made`` counts.
"""

from __future__ import annotations

import threading

from common import HOLDING, Ready, Row, argument, run

HOLD_US = argument(1, 30) * 1000


def make(row: Row, ready: Ready) -> None:
    ready()
    while True:
        thread = threading.Thread(target=HOLDING.usleep, args=(HOLD_US,), name="successor")
        thread.start()
        thread.join()
        row[1] += 1


if __name__ == "__main__":
    run({"maker": make}, columns=["made"])
