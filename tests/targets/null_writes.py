"""null_writes.py [N=1]: N threads write one byte to the null device again and again.

Truth: the GIL is given up and taken back hundreds of thousands of times a second; nobody ever blocks but
for the GIL. ``writes``: done, noted down every thousand.
"""

from __future__ import annotations

import os

from common import Ready, Row, argument, run


def write(row: Row, ready: Ready) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    ready()
    while True:
        for _ in range(1000):
            os.write(null, b"x")
        row[1] += 1000


if __name__ == "__main__":
    run({f"write-{n}": write for n in range(argument(1, 1))}, ["writes"])
