"""rename.py: spinners that threading renames after their start.

Truth: the workers started as ``before-0`` and ``before-1`` are called ``after-0`` and ``after-1`` from
before the handshake on; ``ticking`` calls itself ``tick-N`` five times a second, with N in its ``ticks``.
"""

from __future__ import annotations

import threading

from common import RELEASING, Ready, Row, run
from spin import spin


def spin_renamed(row: Row, ready: Ready) -> None:
    thread = threading.current_thread()
    thread.name = thread.name.replace("before", "after")
    spin(row, ready)


def tick(row: Row, ready: Ready) -> None:
    thread = threading.current_thread()
    ready()
    while True:
        row[1] += 1
        thread.name = f"tick-{int(row[1])}"
        RELEASING.usleep(200_000)


if __name__ == "__main__":
    run({"before-0": spin_renamed, "before-1": spin_renamed, "ticking": tick}, ["ticks"])
