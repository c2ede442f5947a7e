"""What being watched costs a real service: gunicorn with 8 threads and Flask, under wrk, which must be installed.

All profilers but one are attached from the beginning and stopped (SIGSTOP) but in their turn, so that the turns that
are compared follow each other within seconds, and no start-up is in them. py-spy at its default stops its target to
read it: stopped itself, it might leave the target so, and is started anew for each turn.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.table import Table
from benchmarks.tools import WARM_UP_S, cpu_s, resident_mb
from gilprof.recording.reader import Recording

ROUNDS = 12
TURN_S = 2
CONNECTIONS = 8
SETTLE_S = 1.0
"""In which a rate follows, once it is a watcher's turn."""
_UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass
class _Watcher:
    """One way to watch; ``command`` None: nobody does."""

    name: str
    command: list[str] | None
    anew: bool = False
    """Started for each turn."""
    process: subprocess.Popen[bytes] | None = None
    turns: list[tuple[float, float, float]] = field(default_factory=list)
    """Requests a second, the 99th percentile in ms, CPU of the watcher."""
    memory_mb: float = 0.0


def measure(seconds: float) -> Table:
    """``seconds`` is the length of a turn, ``TURN_S`` at least."""
    table = Table(
        f"gunicorn, 8 threads, Flask, under wrk ({ROUNDS} rounds, watchers in turns, in random order)",
        ("watched by", "requests/s", "of that alone", "+-", "99th percentile", "CPU", "us a pass", "memory"),
    )
    with service() as (pid, port), tempfile.TemporaryDirectory() as folder:
        watchers = _watchers(pid, Path(folder))
        load = Load(port, max(round(seconds), TURN_S))
        with _all_started(watchers, load):
            for _ in range(ROUNDS):
                for watcher in random.sample(watchers, len(watchers)):
                    watcher.turns.append(_turn(watcher, load))
        alone = [rate for rate, _, _ in watchers[0].turns]
        for watcher in watchers:
            _add_row(table, watcher, alone, Path(folder) / f"{watcher.name}.gilprof")
    return table


def _watchers(pid: int, folder: Path) -> list[_Watcher]:
    gilprof = [sys.executable, "-m", "gilprof", "attach", str(pid), "--no-live"]
    spy = [str(Path(sys.executable).with_name("py-spy")), "record", "--pid", str(pid), "-f", "raw"]
    ways = {
        "gilprof": gilprof,
        "gilprof -r 200": [*gilprof, "-r", "200"],
        "gilprof -r 1khz": [*gilprof, "-r", "1khz"],
    }
    return [
        _Watcher("nobody", None),
        _Watcher("nobody again (the noise)", None),
        *(_Watcher(name, [*command, "-o", str(folder / f"{name}.gilprof")]) for name, command in ways.items()),
        _Watcher("py-spy --nonblocking -r 1000", [*spy, "--nonblocking", "-r", "1000", "-o", str(folder / "fast")]),
        _Watcher("py-spy (100 Hz, stops the service)", [*spy, "-o", str(folder / "spy")], anew=True),
    ]


class Load:
    """wrk, on the service at this port."""

    def __init__(self, port: int, seconds: int) -> None:
        self._command = ["wrk", "-t1", f"-c{CONNECTIONS}", "--latency", f"http://127.0.0.1:{port}/users"]
        self._seconds = seconds

    def run(self, seconds: int | None = None) -> tuple[float, float]:
        """Requests a second, and the 99th percentile of the latency in ms."""
        command = [*self._command, f"-d{seconds or self._seconds}s"]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        rate = re.search(r"Requests/sec:\s+([\d.]+)", out)
        slow = re.search(r"99%\s+([\d.]+)(us|ms|s)", out)
        if rate is None or slow is None:
            raise RuntimeError(f"wrk printed no rate: {out}")
        return float(rate[1]), float(slow[1]) * _UNITS_MS[slow[2]]


@contextlib.contextmanager
def service() -> Iterator[tuple[int, int]]:
    """gunicorn with a worker of 8 threads: the worker's PID, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "-k", "gthread", "--threads", "8", "-b", f"127.0.0.1:{port}"]
    command += ["--log-level", "error", "benchmarks.service_app:app"]
    with subprocess.Popen(command, cwd=Path(__file__).parents[1]) as arbiter:
        try:
            for _ in itertools.repeat(None, 100):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.1)
            time.sleep(WARM_UP_S)
            children = Path(f"/proc/{arbiter.pid}/task/{arbiter.pid}/children").read_text().split()
            yield int(children[0]), port
        finally:
            arbiter.terminate()


@contextlib.contextmanager
def _all_started(watchers: list[_Watcher], load: Load) -> Iterator[None]:
    try:
        for watcher in watchers:
            if watcher.command is not None and not watcher.anew:
                _start(watcher)
        time.sleep(2 * WARM_UP_S)
        load.run()
        for watcher in watchers:
            if watcher.process is not None:
                watcher.process.send_signal(signal.SIGSTOP)
        yield
        for watcher in watchers:
            if watcher.process is not None:
                watcher.memory_mb = resident_mb(watcher.process.pid)
    finally:
        for watcher in watchers:
            _end(watcher)


def _turn(watcher: _Watcher, load: Load) -> tuple[float, float, float]:
    if watcher.anew:
        _start(watcher)
        time.sleep(WARM_UP_S)
    elif watcher.process is not None:
        watcher.process.send_signal(signal.SIGCONT)
    load.run(round(SETTLE_S))
    if watcher.process is None:
        return *load.run(), 0.0
    began, before = time.monotonic(), cpu_s(watcher.process.pid)
    out = *load.run(), (cpu_s(watcher.process.pid) - before) / (time.monotonic() - began)
    if watcher.anew:
        watcher.memory_mb = resident_mb(watcher.process.pid)
        _end(watcher)
    else:
        watcher.process.send_signal(signal.SIGSTOP)
    return out


def _start(watcher: _Watcher) -> None:
    if watcher.command is not None:
        nowhere = subprocess.DEVNULL
        watcher.process = subprocess.Popen(watcher.command, stdin=nowhere, stdout=nowhere, stderr=nowhere)


def _end(watcher: _Watcher) -> None:
    if watcher.process is not None:
        watcher.process.send_signal(signal.SIGCONT)
        watcher.process.send_signal(signal.SIGINT)
        watcher.process.wait()
        watcher.process = None


def _add_row(table: Table, watcher: _Watcher, alone: list[float], recording: Path) -> None:
    rates, slow, cpu = ([turn[i] for turn in watcher.turns] for i in range(3))
    ratios = [rate / without for rate, without in zip(rates, alone, strict=True)]
    error = statistics.stdev(ratios) / len(ratios) ** 0.5
    share = statistics.mean(cpu)
    watched = watcher.command is not None
    pass_us = f"{1e6 * share / _usual_hz(recording):.0f} us" if recording.exists() else "-"
    table.add(
        watcher.name, f"{statistics.median(rates):.0f}", f"{statistics.mean(ratios):.3f}", f"{error:.3f}",
        f"{statistics.median(slow):.1f} ms", f"{share:.3f}" if watched else "-", pass_us,
        f"{watcher.memory_mb:.0f} MB" if watched else "-",
    )  # fmt: skip


def _usual_hz(path: Path) -> float:
    """Passes a second, but for the time in which gilprof was stopped."""
    gaps_ns: list[int] = []
    last: int | None = None
    with Recording.open(path) as recording:
        for batch in recording.batches():
            for t_ns in batch.passes["t_ns"].tolist():
                gaps_ns += [] if last is None else [t_ns - last]
                last = t_ns
    gaps_ns = [gap_ns for gap_ns in gaps_ns if gap_ns < 100_000_000]
    return 1e9 / statistics.mean(gaps_ns)
