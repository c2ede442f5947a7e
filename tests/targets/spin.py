"""spin.py [N=1]: N threads run pure Python and call nothing that releases the GIL.

Truth: each is held or waiting, never released, never blocked. ``thread_time_s``: its own CPU time, noted
down about every ten milliseconds of it.
"""

from __future__ import annotations

import time

from common import Ready, Row, argument, run


def spin(row: Row, ready: Ready) -> None:
    ready()
    total = 0
    while True:
        for number in range(200_000):
            total += number & 7
        row[0] = time.thread_time()


if __name__ == "__main__":
    run({f"spin-{n}": spin for n in range(argument(1, 1))})
