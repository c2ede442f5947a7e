"""woken.py [THREADS=6] [HOGS=3]: threads that nap for 4 ms and hash for about half a millisecond in turn, on CPUs that
other processes keep busy.

Truth: a thread is ``blocked`` for as long as it is neither on a CPU nor queued for one, but for its short waits for
the GIL. A thread that was woken stands in the queue with the account with which it fell asleep.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time

from common import Ready, Row, argument, run
from starved import HOG

NAP_S = 0.004
BLOB = bytes(200_000)


def nap_and_hash(row: Row, ready: Ready) -> None:
    ready()
    while True:
        time.sleep(NAP_S)
        hashlib.sha256(BLOB).digest()


if __name__ == "__main__":
    hogs = [subprocess.Popen([sys.executable, "-S", "-c", HOG, str(os.getpid())]).pid for _ in range(argument(2, 3))]
    run({f"nap-{n}": nap_and_hash for n in range(argument(1, 6))}, hogs=hogs)
