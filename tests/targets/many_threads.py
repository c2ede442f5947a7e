"""many_threads.py [N=200] [BUSY=3]: N threads, of which BUSY spin and the others wait for a lock for ever.

Truth: ``spin-*`` are held or waiting; ``idle-*`` are blocked in ``lock`` all the time.
"""

from __future__ import annotations

import threading

from common import Ready, Row, argument, run
from spin import spin

never = threading.Lock()


def idle(row: Row, ready: Ready) -> None:
    ready()
    never.acquire()


if __name__ == "__main__":
    never.acquire()
    busy = argument(2, 3)
    idlers = {f"idle-{n}": idle for n in range(argument(1, 200) - busy)}
    spinners = {f"spin-{n}": spin for n in range(busy)}
    run({**idlers, **spinners})
