"""gc_heavy.py: a thread makes cyclic garbage beside a large live heap, so that collections run all the
time; a spinner.

Truth: a good part of ``garbage``'s hold is inside the collector. ``gc_s``: seconds from a collection's
start to its end (CLOCK_MONOTONIC, by gc.callbacks; the GIL is kept meanwhile); ``collections``: how many.
"""

from __future__ import annotations

import gc
import time

from common import Ready, Row, run
from spin import spin


class Node:
    def __init__(self) -> None:
        self.itself = self
        self.others = [self]


def make_garbage(row: Row, ready: Ready) -> None:
    started = 0.0

    def collection(phase: str, info: dict[str, int]) -> None:
        nonlocal started
        if phase == "start":
            started = time.monotonic()
        else:
            row[1] += time.monotonic() - started
            row[2] += 1

    live = [Node() for _ in range(100_000)]
    gc.set_threshold(500, 5, 5)
    gc.callbacks.append(collection)
    ready()
    while live:
        Node()
        if row[2] % 50 == 49:
            gc.collect()


if __name__ == "__main__":
    run({"garbage": make_garbage, "spin": spin}, ["gc_s", "collections"])
