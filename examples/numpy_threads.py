"""NumPy in threads: its loops over large arrays release the GIL, so that the threads really run at once.

python examples/numpy_threads.py
"""

from __future__ import annotations

import sys
import threading

import numpy as np

LENGTH = 2_000_000


def transform(seed: int) -> None:
    values = np.random.default_rng(seed).random(LENGTH)
    out = np.empty_like(values)
    while True:
        np.sqrt(values, out=out)
        np.exp(out, out=out)


def main() -> None:
    for number in range(2):
        threading.Thread(target=transform, args=(number,), name=f"numpy-{number}", daemon=True).start()
    print("running; Ctrl-C ends it", file=sys.stderr, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
