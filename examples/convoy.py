"""The convoy: a thread that releases the GIL for every small block waits nearly always to get it back.

    python examples/convoy.py

`hashlib` gives the GIL up for each block of 100 kB, a fraction of a millisecond of work. The busy Python thread takes
it at once, and lets go only after the switch interval of 5 ms. So the hashing thread, which hardly needs the GIL,
gets a few percent of a CPU and waits nearly always. gilprof (`gilprof attach PID --no-live -d 5`) says:

    The GIL is busy 97 % of the time and 1.0 thread waits for it on average: 97 % of the waiting is of threads that
    return from calls and want it back, 96 % of all waiting is for count_up (convoy.py:32) in thread count, Python
    code or short C calls.
"""

from __future__ import annotations

import hashlib
import sys
import threading

BLOCK = bytes(100_000)


def hash_blocks() -> None:
    digest = hashlib.sha256()
    while True:
        digest.update(BLOCK)


def count_up() -> None:
    number = 0
    while True:
        number += 1


def main() -> None:
    threading.Thread(target=hash_blocks, name="hash", daemon=True).start()
    threading.Thread(target=count_up, name="count", daemon=True).start()
    print("running; Ctrl-C ends it", file=sys.stderr, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
