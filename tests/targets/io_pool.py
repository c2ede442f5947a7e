"""io_pool.py: one thread for each way of being blocked, all of them for ever.

Truth: blocked all the time, in what the name says: ``io-pipe`` (read), ``io-socket`` (recv),
``poll-select``, ``poll-accept``, ``sleep-c`` (usleep), ``sleep-python`` (time.sleep), ``lock-lock``,
``lock-queue``. Nobody uses the GIL.
"""

from __future__ import annotations

import os
import queue
import select
import socket
import threading
import time

from common import RELEASING, Ready, Row, run

A_LONG_TIME_S = 100_000.0


def read_pipe(row: Row, ready: Ready) -> None:
    read_end, _write_end = os.pipe()
    ready()
    os.read(read_end, 1)


def receive(row: Row, ready: Ready) -> None:
    ours, _theirs = socket.socketpair()
    ready()
    ours.recv(1)


def wait_in_select(row: Row, ready: Ready) -> None:
    read_end, _write_end = os.pipe()
    ready()
    select.select([read_end], [], [])


def accept(row: Row, ready: Ready) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ready()
        server.accept()


def sleep_in_c(row: Row, ready: Ready) -> None:
    ready()
    while True:
        RELEASING.usleep(int(A_LONG_TIME_S))


def sleep_in_python(row: Row, ready: Ready) -> None:
    ready()
    time.sleep(A_LONG_TIME_S)


def wait_for_lock(row: Row, ready: Ready) -> None:
    never = threading.Lock()
    never.acquire()
    ready()
    never.acquire()


def wait_in_queue(row: Row, ready: Ready) -> None:
    empty: queue.Queue[None] = queue.Queue()
    ready()
    empty.get()


if __name__ == "__main__":
    run({
        "io-pipe": read_pipe,
        "io-socket": receive,
        "poll-select": wait_in_select,
        "poll-accept": accept,
        "sleep-c": sleep_in_c,
        "sleep-python": sleep_in_python,
        "lock-lock": wait_for_lock,
        "lock-queue": wait_in_queue,
    })  # fmt: skip
