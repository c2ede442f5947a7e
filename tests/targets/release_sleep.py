"""release_sleep.py [MS=20]: a thread that only sleeps in C, with the GIL released, beside a spinner.

Truth: ``sleeper`` is blocked (in ``sleep``) but for the wait of up to a switch interval after each sleep.
``slept_s``: seconds from before to after the calls; ``naps``: calls.
"""

from __future__ import annotations

import time

from common import RELEASING, Ready, Row, argument, run
from spin import spin

SLEEP_US = argument(1, 20) * 1000


def sleep_releasing(row: Row, ready: Ready) -> None:
    ready()
    while True:
        start = time.monotonic()
        RELEASING.usleep(SLEEP_US)
        row[1] += time.monotonic() - start
        row[2] += 1


if __name__ == "__main__":
    run({"sleeper": sleep_releasing, "spin": spin}, ["slept_s", "naps"])
