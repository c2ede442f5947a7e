"""convoy.py [SPINNERS=1]: a thread hashes blocks of 100 kB, each a small fraction of a switch interval,
beside spinners.

Truth: the convoy effect. ``hash`` needs the GIL after every block and gets it after a switch interval (5
ms): it is waiting nearly all the time and released for the rest, although it hardly holds. ``blocks``:
hashed.
"""

from __future__ import annotations

import hashlib

from common import Ready, Row, argument, run
from spin import spin

BLOCK = bytes(100_000)


def hash_small_blocks(row: Row, ready: Ready) -> None:
    ready()
    while True:
        hashlib.sha256(BLOCK)
        row[1] += 1


if __name__ == "__main__":
    spinners = {f"spin-{n}": spin for n in range(argument(1, 1))}
    run({"hash": hash_small_blocks, **spinners}, ["blocks"])
