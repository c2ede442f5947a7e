"""hash_big.py [SPINNERS=0]: one thread hashes 32 MB blocks, with SPINNERS busy pure-Python threads beside
it.

Truth: ``hash`` is released nearly all the time: a block takes tens of milliseconds, and it wants the GIL
for microseconds between two blocks (and then waits up to a switch interval where a spinner has it).
``blocks``: hashed.
"""

from __future__ import annotations

import hashlib

from common import Ready, Row, argument, run
from spin import spin

BLOCK = bytes(32 << 20)


def hash_blocks(row: Row, ready: Ready) -> None:
    ready()
    while True:
        hashlib.sha256(BLOCK)
        row[1] += 1


if __name__ == "__main__":
    spinners = {f"spin-{n}": spin for n in range(argument(1, 0))}
    run({"hash": hash_blocks, **spinners}, ["blocks"])
