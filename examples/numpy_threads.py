"""NumPy in threads: its loops over large arrays release the GIL, and the threads really run at once.

    python examples/numpy_threads.py

`np.sqrt` and `np.exp` of two million numbers each take some milliseconds without the GIL, and need it for
microseconds in between. gilprof (`gilprof attach PID --no-live -d 5`) says:

    Not the GIL: 2.0 threads run without it on average, most of it in transform (numpy_threads.py:26) in 2 threads
    (numpy-*); the GIL is waited for <0.1 % of the time.
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
