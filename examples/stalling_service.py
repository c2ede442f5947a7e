"""A service that stalls: requests of some milliseconds wait a tenth of a second now and then.

    python examples/stalling_service.py

Three workers handle requests: a little Python, then 10 ms for a database. Once in a second, a thread ranks all scores
anew. `sorted()` of a list of numbers is one call into C that never lets the GIL go, so all workers stand still until
it returns. The mean tells nobody: the GIL is held for a tenth of the time. gilprof
(`gilprof attach PID --no-live --stall 50ms --span handle -d 10`) tells each one as it happens:

    stall 11:55:35.829 101 ms rank (stalling_service.py:46) in reload, kept 3 waiting: worker-0, worker-2, worker-1
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time

REQUEST = json.dumps({"items": [{"id": n, "price": n * 0.5} for n in range(200)]})
SCORES = [random.random() for _ in range(600_000)]


def handle(request: str) -> float:
    total = sum(item["price"] for item in json.loads(request)["items"] if item["id"] % 3)
    query()
    return total


def query() -> None:
    time.sleep(0.01)


def next_request() -> str:
    time.sleep(0.02)
    return REQUEST


def serve() -> None:
    while True:
        handle(next_request())


def rank() -> list[float]:
    return sorted(SCORES)


def reload_often() -> None:
    while True:
        time.sleep(1)
        rank()


def main() -> None:
    for number in range(3):
        threading.Thread(target=serve, name=f"worker-{number}", daemon=True).start()
    threading.Thread(target=reload_often, name="reload", daemon=True).start()
    print("running; Ctrl-C ends it", file=sys.stderr, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
