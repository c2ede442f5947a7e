"""native_threads.py [SLEEPING=1] [BUSY=1]: threads that Python does not know, beside a spinner.

Truth: each sleeping one is blocked (in ``sleep``) inside libc's sleep, each busy one is released: it spins
in libc's pthread_spin_lock on a word that stays locked. ``extra``: their tids, ``sleeping`` and ``busy``.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from common import RELEASING, argument, run
from spin import spin

A_LONG_TIME_S = 1_000_000
spin_word = ctypes.c_int()


def own_tids() -> set[int]:
    return {int(folder.name) for folder in Path("/proc/self/task").iterdir()}


def start(function: str, value: object) -> int:
    """Run libc's ``function(value)`` in a thread made by pthread_create; its tid."""
    before = own_tids()
    handle = ctypes.c_ulong()
    routine = ctypes.cast(getattr(RELEASING, function), ctypes.c_void_p)
    error = RELEASING.pthread_create(ctypes.byref(handle), None, routine, value)
    if error:
        raise OSError(error, os.strerror(error))
    (new,) = own_tids() - before
    return new


if __name__ == "__main__":
    RELEASING.pthread_spin_init(ctypes.byref(spin_word), 0)
    RELEASING.pthread_spin_lock(ctypes.byref(spin_word))
    sleeping = [start("sleep", ctypes.c_void_p(A_LONG_TIME_S)) for _ in range(argument(1, 1))]
    busy = [start("pthread_spin_lock", ctypes.byref(spin_word)) for _ in range(argument(2, 1))]
    run({"spin": spin}, sleeping=sleeping, busy=busy)
