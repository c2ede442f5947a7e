"""mixed_pool.py [N=4]: N pools of one thread do what programs really do: json, re, zlib, sqlite3, sorting,
reading files.

Truth: none by design; every state occurs, the GIL changes hands thousands of times a second. Use the exact
oracle. ``client-N`` hands its jobs to the only thread of its pool, ``pool-N_0``, and is blocked in ``lock``
meanwhile. ``jobs``: done.
"""

from __future__ import annotations

import json
import random
import re
import sqlite3
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common import Ready, Row, argument, run

RECORDS = [{"id": n, "name": f"name-{n}", "tags": ["a", "b", str(n)], "value": n * 0.5} for n in range(300)]
TEXT = json.dumps(RECORDS)
WORDS = re.compile(r'"name":\s*"(name-\d*7)"')
NUMBERS = random.Random(1).sample(range(20_000), 20_000)
SOURCES = sorted(Path(json.__file__).parent.glob("*.py"))


def parse() -> int:
    return len(json.loads(TEXT))


def search() -> int:
    return len(WORDS.findall(TEXT))


def compress() -> int:
    return len(zlib.decompress(zlib.compress(TEXT.encode())))


def query() -> int:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE records (id INTEGER PRIMARY KEY, name TEXT, value REAL)")
    rows = [(record["id"], record["name"], record["value"]) for record in RECORDS]
    database.executemany("INSERT INTO records VALUES (?, ?, ?)", rows)
    found = database.execute("SELECT name FROM records WHERE value > 50 ORDER BY name").fetchall()
    database.close()
    return len(found)


def sort() -> int:
    return sorted(NUMBERS)[0]


def read_files() -> int:
    return sum(len(path.read_text()) for path in SOURCES)


JOBS = (parse, search, compress, query, sort, read_files)


def client(row: Row, ready: Ready) -> None:
    """Keeps one pool thread busy; itself blocked, waiting for each result."""
    name = threading.current_thread().name.replace("client", "pool")
    with ThreadPoolExecutor(1, thread_name_prefix=name) as pool:
        pool.submit(parse).result()
        ready()
        while True:
            for job in JOBS:
                pool.submit(job).result()
                row[1] += 1


if __name__ == "__main__":
    run({f"client-{n}": client for n in range(argument(1, 4))}, ["jobs"])
