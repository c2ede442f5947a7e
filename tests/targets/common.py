"""What every target shares: its workers, the readiness handshake, the truth they write down, and the end.

A target runs until its standard input closes (or for TARGET_SECONDS, where that is set). The main thread
does nothing meanwhile: it is blocked in poll. TARGET_READY_FD gets one line of JSON when every worker has
said that it is in its steady state; TARGET_TRUTH_FD is a mapped array of doubles, a row for each worker and
the same columns for all. By hand, without these, a target just runs. CPython 3.8 and later.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import select
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeAlias

HOLDING = ctypes.PyDLL(None)
"""The C library, called with the GIL kept."""
RELEASING = ctypes.CDLL(None)
"""The C library, called with the GIL released."""

Row: TypeAlias = "memoryview[float]"
"""A worker's row of the truth."""
Ready: TypeAlias = "Callable[[], object]"
"""What a worker calls once, when it is in its steady state."""
Worker: TypeAlias = "Callable[[Row, Ready], object]"
"""Runs for ever."""


def run(workers: Mapping[str, Worker], columns: Sequence[str] = (), **extra: object) -> None:
    """Start each worker in a thread of that name, say ready when all are, and wait for the end.

    ``columns`` are a row's from 1 on; column 0 is ``thread_time_s``, which spinners write. ``extra`` goes
    into the handshake.
    """
    if len(sys.argv) > 1 and sys.argv[1] in ("-h", "--help"):
        print(sys.modules["__main__"].__doc__)
        return
    columns = ["thread_time_s", *columns]
    rows = _truth(len(workers) * len(columns))
    steady = threading.Semaphore(0)
    tids = {}
    for number, (name, worker) in enumerate(workers.items()):
        row = rows[number * len(columns) : (number + 1) * len(columns)]
        thread = threading.Thread(target=worker, args=(row, steady.release), name=name, daemon=True)
        thread.start()
        tids[name] = thread.native_id
    for _ in workers:
        steady.acquire()
    _say({"ready": True, "tids": tids, "columns": columns, **extra})
    seconds = os.environ.get("TARGET_SECONDS")
    select.select([sys.stdin], [], [], float(seconds) if seconds else None)
    os._exit(0)  # The workers have no end: a clean one would wait for them.


def argument(position: int, default: int) -> int:
    """A number from the command line."""
    return int(sys.argv[position]) if len(sys.argv) > position and sys.argv[position].isdigit() else default


def _truth(length: int) -> Row:
    fd = os.environ.get("TARGET_TRUTH_FD")
    size = max(1, length) * 8
    shared = mmap.mmap(int(fd), size) if fd else mmap.mmap(-1, size)
    return memoryview(shared).cast("d")


def _say(handshake: dict[str, object]) -> None:
    fd = os.environ.get("TARGET_READY_FD")
    if fd:
        os.write(int(fd), json.dumps(handshake).encode() + b"\n")
