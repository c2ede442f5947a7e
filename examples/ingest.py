"""A feeder sorts what came in, workers parse it: the convoy that people ask about.

    python examples/ingest.py [SECONDS]

`sorted` of 300,000 numbers keeps the GIL for some 50 ms at a stretch; the workers' small Python steps wait
for it. gilprof should say: the waiting is for Feeder.sort_batch, C code that keeps the GIL.
"""

from __future__ import annotations

import hashlib
import random
import sys
import threading


class Feeder:
    """Sorts batches, again and again."""

    def __init__(self) -> None:
        self.batch = [random.random() for _ in range(300_000)]

    def run(self) -> None:
        while True:
            self.sort_batch()

    def sort_batch(self) -> None:
        sorted(self.batch)


class Worker:
    """Hashes records, one at a time."""

    def run(self) -> None:
        record = b"x" * 100_000
        while True:
            self.parse(record)

    def parse(self, record: bytes) -> str:
        return hashlib.sha256(record).hexdigest()


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else None
    threading.Thread(target=Feeder().run, name="feeder", daemon=True).start()
    for number in range(3):
        threading.Thread(target=Worker().run, name=f"worker-{number}", daemon=True).start()
    print("running; Ctrl-C ends it" if seconds is None else f"running for {seconds:g} s", file=sys.stderr)
    threading.Event().wait(seconds)


if __name__ == "__main__":
    main()
