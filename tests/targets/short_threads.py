"""short_threads.py [LIFE_MS=5] [AT_ONCE=2]: threads that live for LIFE_MS of pure Python, made without end.

Truth: each thread is held or waiting while it lives; ``maker-*`` are blocked in join. ``made``: threads so
far.
"""

from __future__ import annotations

import threading
import time

from common import Ready, Row, argument, run

LIFE_S = argument(1, 5) / 1000


def live() -> None:
    end = time.monotonic() + LIFE_S
    while time.monotonic() < end:
        pass


def make(row: Row, ready: Ready) -> None:
    ready()
    while True:
        thread = threading.Thread(target=live, name=f"short-{int(row[1])}")
        thread.start()
        thread.join()
        row[1] += 1


if __name__ == "__main__":
    run({f"maker-{n}": make for n in range(argument(2, 2))}, ["made"])
