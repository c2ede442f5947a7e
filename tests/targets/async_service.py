"""async_service.py: an asyncio loop that is held up, by its own code and by another thread's.

Truth: ``parse`` computes for 60 ms in pure Python, every fifth of a second; ``parsed`` and ``parsed_s``: how often and
for how long (CLOCK_MONOTONIC). ``query`` needs 3 ms of Python; while ``holder`` sleeps in C with the GIL kept, 80 ms
twice a second, it waits. ``held``: how often ``holder`` has done that.
"""

from __future__ import annotations

import asyncio
import time

from common import HOLDING, RELEASING, Ready, Row, run


def parse(row: Row) -> None:
    start = time.monotonic()
    while time.monotonic() < start + 0.06:
        pass
    row[1] += 1
    row[2] += time.monotonic() - start


def query() -> None:
    end = time.thread_time() + 0.003
    while time.thread_time() < end:
        pass


async def parse_often(row: Row) -> None:
    while True:
        await asyncio.sleep(0.2)
        parse(row)


async def query_often() -> None:
    while True:
        await asyncio.sleep(0.01)
        query()


async def main(row: Row, ready: Ready) -> None:
    ready()
    await asyncio.gather(parse_often(row), query_often())


def loop(row: Row, ready: Ready) -> None:
    asyncio.run(main(row, ready))


def hold(row: Row, ready: Ready) -> None:
    ready()
    while True:
        RELEASING.usleep(420_000)
        HOLDING.usleep(80_000)
        row[3] += 1


if __name__ == "__main__":
    run({"loop": loop, "holder": hold}, ["parsed", "parsed_s", "held"])
