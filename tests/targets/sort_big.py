"""sort_big.py [ITEMS=300000]: a thread that sorts a large list again and again, beside a spinner.

Truth: ``sort`` keeps the GIL on the CPU for milliseconds at a stretch, inside ``sorted()``: much of its
hold is overdue. ``sorts``: lists sorted.
"""

from __future__ import annotations

import random

from common import Ready, Row, argument, run
from spin import spin

ITEMS = argument(1, 300_000)


def sort_lists(row: Row, ready: Ready) -> None:
    numbers = random.Random(1).sample(range(ITEMS), ITEMS)
    ready()
    while True:
        sorted(numbers)
        row[1] += 1


if __name__ == "__main__":
    run({"sort": sort_lists, "spin": spin}, ["sorts"])
