"""finalizers.py: a thread leaves full write buffers to the garbage collector, whose finalizers write them out, in C and
with the GIL released; a spinner.

Truth: ``closer`` is ``released`` while it writes, though no frame of Python's is entered for it: from CPython 3.12 on
the thread stands at the very instruction at which it would be made to drop the GIL.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, cast

from common import Ready, Row, run
from spin import spin

if TYPE_CHECKING:
    from typing import Any

BUFFER = 32_000_000


def leave_files(row: Row, ready: Ready) -> None:
    memory = os.memfd_create("written")
    data = bytes(BUFFER - 1)
    ready()
    while True:
        os.lseek(memory, 0, os.SEEK_SET)
        # Kept: the collector would close it first, and the buffer then has nowhere to go.
        raw = io.FileIO(memory, "wb", closefd=False)
        file = cast("Any", io.BufferedWriter(raw, BUFFER))
        file.write(data)
        file.itself = file
        del file
        # So many new containers that a collection is due.
        due: list[list[int]] = [[] for _ in range(3000)]
        del due


if __name__ == "__main__":
    run({"closer": leave_files, "spin": spin})
