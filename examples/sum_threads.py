"""sum() against np.sum() over the same array, two threads each.

python examples/sum_threads.py builtin
python examples/sum_threads.py numpy
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

import numpy as np

LENGTH = 1_000_000


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
