"""What the live view costs: the CPU of ``gilprof attach`` with it and without it, on the same target."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.table import Table
from benchmarks.tools import WARM_UP_S, cpu_s, resident_mb
from tests.support.interpreters import interpreters
from tests.support.spawn import spawn

TARGETS = (("many_functions", (50, 10)), ("spin", (4,)))
SIZE = (60, 200)
"""Rows and columns: every table is on the screen."""
SCREENS = {"all tables": b"", "worst episodes": b"4", "flame graph": b"5"}


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run, once it is under way."""

    share: float
    """Of a core."""
    first_mb: float
    last_mb: float
    rate_hz: float
    """Passes a second."""


def measure(seconds: float) -> Table:
    """Each screen on each target; a large program and a small one."""
    table = Table(
        "The live view at 4 updates a second, 200x60 (share of a core, gilprof attach at 1 kHz)",
        ("target", "screen", "without", "with", "the view", "passes/s without", "with", "memory first", "last"),
    )
    python = interpreters()["3.11"]
    for name, arguments in TARGETS:
        with spawn(python, name, *arguments) as target:
            without = _cost(target.pid, seconds, "--no-live", b"")
            for screen, keys in SCREENS.items():
                live = _cost(target.pid, seconds, "--live", keys)
                table.add(
                    " ".join([name, *map(str, arguments)]), screen,
                    f"{without.share:.3f}", f"{live.share:.3f}", f"{live.share - without.share:.3f}",
                    f"{without.rate_hz:.0f}", f"{live.rate_hz:.0f}",
                    f"{live.first_mb:.0f} MB", f"{live.last_mb:.0f} MB",
                )  # fmt: skip
    return table


def _cost(pid: int, seconds: float, option: str, keys: bytes) -> Cost:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "gilprof", "attach", str(pid), option, "--json", str(report)]
        environment = {**os.environ, "TERM": "xterm-256color"}
        with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
            os.close(theirs)
            reader = threading.Thread(target=_read, args=(ours,))
            reader.start()
            time.sleep(2 * WARM_UP_S)
            os.write(ours, keys)
            time.sleep(WARM_UP_S)
            began, before, first_mb = time.monotonic(), cpu_s(process.pid), resident_mb(process.pid)
            time.sleep(seconds)
            share = (cpu_s(process.pid) - before) / (time.monotonic() - began)
            last_mb = resident_mb(process.pid)
            process.terminate()
            process.wait()
            reader.join()
            os.close(ours)
        rate_hz = json.loads(report.read_text())["processes"][0]["sampling"]["rate_hz"]
    return Cost(share, first_mb, last_mb, rate_hz)


def _read(terminal: int) -> None:
    """A terminal that takes everything; EIO: its other end is closed."""
    with suppress(OSError):
        while os.read(terminal, 65536):
            pass
