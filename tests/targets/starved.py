"""starved.py [SPINNERS=2] [HOGS=1]: spinners whose CPU other processes want too. Start it on one CPU:
taskset -c 0.

Truth: on one CPU, the spinners together get about 1 / (1 + HOGS) of it. They are held or waiting all the
same: who has the GIL and is queued for the CPU is held, and the time is in its ``queued_s``.
``extra["hogs"]``: the other pids.
"""

from __future__ import annotations

import os
import subprocess
import sys

from common import argument, run
from spin import spin

HOG = """
import ctypes, os, signal, sys
PR_SET_PDEATHSIG = 1
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
while os.getppid() == int(sys.argv[1]):
    for _ in range(1_000_000):
        pass
"""


if __name__ == "__main__":
    hogs = [subprocess.Popen([sys.executable, "-S", "-c", HOG, str(os.getpid())]).pid for _ in range(argument(2, 1))]
    run({f"spin-{n}": spin for n in range(argument(1, 2))}, hogs=hogs)
