"""The builtin sum() and np.sum() over the same array, in two threads each.

    python examples/sum_threads.py builtin
    python examples/sum_threads.py numpy

`sum` makes a Python number of each of two million elements, in C code that keeps the GIL all the while: two threads
are no faster than one, and each call makes the other thread wait for a tenth of a second. gilprof says: C code that
keeps it. `np.sum` does the same sum in a millisecond, without the GIL, and gilprof says that it is not the GIL.

    builtin: ... 100 % of the waiting is for sum_builtin (sum_threads.py:27) in 2 threads (sum-*), C code that keeps it.
    numpy: Not the GIL: 2.0 threads run without it on average, most of it in sum_numpy (sum_threads.py:32) ...
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

import numpy as np

LENGTH = 2_000_000


def sum_builtin(values: np.ndarray) -> None:
    while True:
        sum(values)


def sum_numpy(values: np.ndarray) -> None:
    while True:
        np.sum(values)


KINDS: dict[str, Callable[[np.ndarray], None]] = {"builtin": sum_builtin, "numpy": sum_numpy}


def main() -> None:
    add_up = KINDS[sys.argv[1] if len(sys.argv) > 1 else "builtin"]
    values = np.random.default_rng(1).random(LENGTH)
    for number in range(2):
        threading.Thread(target=add_up, args=(values,), name=f"sum-{number}", daemon=True).start()
    print("running; Ctrl-C ends it", file=sys.stderr, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
