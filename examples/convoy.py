"""The convoy: a thread that releases the GIL for every small block waits nearly always to get it back.

    python examples/convoy.py

`hashlib` drops the GIL for each block of 100 kB, some 50 to 100 us of work. The busy Python thread takes it at
once, and gives it back only after a switch interval (5 ms): so hashing runs at a fiftieth of its speed, although it
needs no GIL. gilprof should say: the waiting is of thread hash for spin, and the hash thread's kind of waiting is
*returning*.
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
