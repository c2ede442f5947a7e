"""bursts.py [MS ...]: one thread goes through four kinds of burst, each MS long in turn (default: 2, 200).

Truth, by the thread's own CLOCK_MONOTONIC stamps around each burst: ``python_s`` pure Python (held),
``native_s`` one hashlib call (released), ``sleep_s`` usleep with the GIL released (blocked in ``sleep``),
``lock_s`` a lock that ``keeper`` releases after MS (blocked in ``lock``); ``rounds`` of all four. Nobody
competes for the GIL: keeper sleeps without it, or is blocked on its own lock.
"""

from __future__ import annotations

import hashlib
import sys
import threading
import time

from common import RELEASING, Ready, Row, run

LENGTHS_S = [int(text) / 1000 for text in sys.argv[1:] if text.isdigit()] or [0.002, 0.2]
CALIBRATION = bytes(32 << 20)
asked = threading.Semaphore(0)
answered = threading.Semaphore(0)
keep_us = 0


def python_burst(length_s: float) -> None:
    end = time.monotonic() + length_s
    while time.monotonic() < end:
        pass


def lock_burst(length_s: float) -> None:
    global keep_us
    keep_us = int(length_s * 1e6)
    asked.release()
    answered.acquire()


def burst(row: Row, ready: Ready) -> None:
    start = time.monotonic()
    hashlib.sha256(CALIBRATION)
    bytes_per_s = len(CALIBRATION) / (time.monotonic() - start)
    blocks = [bytes(int(bytes_per_s * length_s)) for length_s in LENGTHS_S]
    ready()
    while True:
        for length_s, block in zip(LENGTHS_S, blocks):  # noqa: B905 - strict is not in 3.8
            stamps = [time.monotonic()]
            python_burst(length_s)
            stamps.append(time.monotonic())
            hashlib.sha256(block)
            stamps.append(time.monotonic())
            RELEASING.usleep(int(length_s * 1e6))
            stamps.append(time.monotonic())
            lock_burst(length_s)
            stamps.append(time.monotonic())
            for kind in range(4):
                row[kind + 1] += stamps[kind + 1] - stamps[kind]
            row[5] += 1


def keep(row: Row, ready: Ready) -> None:
    ready()
    while True:
        asked.acquire()
        RELEASING.usleep(keep_us)
        answered.release()


if __name__ == "__main__":
    run({"burst": burst, "keeper": keep}, ["python_s", "native_s", "sleep_s", "lock_s", "rounds"])
