"""What being watched at 1 kHz costs the clients of a web service: latencies with gilprof and without, in turn."""

from __future__ import annotations

import http.client
import itertools
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import numpy as np
import numpy.typing as npt

from benchmarks import tools
from benchmarks.table import Table
from tests.support.interpreters import interpreters
from tests.support.spawn import spawn

PAIRS = 5
CLIENTS = 4
THINKING_S = 0.01
"""Each client waits so long between two requests: the service is busy, and has a core free."""


def measure(seconds: float) -> Table:
    table = Table(
        f"Latency of a threaded web service, {CLIENTS} clients (median of pairs)",
        ("percentile", "alone", "watched by gilprof", "ratio", "nobody (the noise)"),
    )
    with spawn(interpreters()["3.11"], "service") as target:
        port = int(target.extra["port"])
        _latencies_ms(port, 1.0)
        pairs = [(_percentiles(target.pid, port, seconds, False), _percentiles(target.pid, port, seconds, True))
                 for _ in range(PAIRS)]  # fmt: skip
    for at, name in enumerate(("50", "99")):
        alone = [pair[0][at] for pair in pairs]
        watched = [pair[1][at] for pair in pairs]
        ratio = statistics.median(with_it / without for without, with_it in zip(alone, watched, strict=True))
        noise = statistics.median(later / earlier for earlier, later in itertools.pairwise(alone))
        table.add(
            name, f"{statistics.median(alone):.2f} ms", f"{statistics.median(watched):.2f} ms", f"{ratio:.3f}",
            f"{noise:.3f}",
        )  # fmt: skip
    return table


def _percentiles(pid: int, port: int, seconds: float, watch: bool) -> tuple[float, float]:
    with tools.attached(pid) if watch else nullcontext():
        latencies = _latencies_ms(port, seconds)
    return float(np.percentile(latencies, 50)), float(np.percentile(latencies, 99))


def _latencies_ms(port: int, seconds: float) -> npt.NDArray[np.float64]:
    with ThreadPoolExecutor(CLIENTS) as pool:
        return np.concatenate(list(pool.map(_ask, [port] * CLIENTS, [seconds] * CLIENTS)))


def _ask(port: int, seconds: float) -> npt.NDArray[np.float64]:
    """One client's latencies."""
    out = []
    end = time.monotonic() + seconds
    while (began := time.monotonic()) < end:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/")
        connection.getresponse().read()
        connection.close()
        out.append(1e3 * (time.monotonic() - began))
        time.sleep(THINKING_S)
    return np.array(out)
