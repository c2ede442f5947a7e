"""zlib_mix.py [M=2] [K=2]: M threads compress blocks of 4 MB beside K spinners.

Truth: ``zlib-*`` are released (on a CPU or queued for one) but for the wait after each block; ``spin-*``
are held or waiting. With M + 1 above the number of CPUs, somebody is always queued. ``blocks``: compressed.
"""

from __future__ import annotations

import random
import zlib

from common import Ready, Row, argument, run
from spin import spin

BLOCK = random.Random(1).getrandbits(8 << 16).to_bytes(1 << 16, "little") * 64


def compress_blocks(row: Row, ready: Ready) -> None:
    ready()
    while True:
        zlib.compress(BLOCK, 6)
        row[1] += 1


if __name__ == "__main__":
    compressors = {f"zlib-{n}": compress_blocks for n in range(argument(1, 2))}
    spinners = {f"spin-{n}": spin for n in range(argument(2, 2))}
    run({**compressors, **spinners}, ["blocks"])
