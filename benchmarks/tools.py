"""The profilers, as processes: how each is started, its CPU time, and the passes that it says it took."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

WARM_UP_S = 1.5
"""Start-up is not part of the cost of a pass."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one profiler cost. ``cpu_s``: process CPU per second after the first moments; ``passes``: a second."""

    cpu_share: float
    rate_hz: float
    output: Path

    @property
    def us_per_pass(self) -> float:
        return 1e6 * self.cpu_share / self.rate_hz


def gilprof(pid: int, seconds: float, rate_hz: int = 1000) -> Run:
    """``gilprof attach`` with the recording on."""
    folder = Path(tempfile.mkdtemp())
    report = folder / "report.json"
    command = [sys.executable, "-m", "gilprof", "attach", str(pid), "--no-live", "-d", str(seconds + WARM_UP_S)]
    share = _run([*command, "-r", str(rate_hz), "-o", str(folder / "it.gilprof"), "--json", str(report)], seconds)
    process = json.loads(report.read_text())["processes"][0]
    return Run(share, process["sampling"]["rate_hz"], folder / "it.gilprof")


@contextmanager
def attached(pid: int, rate_hz: int = 1000) -> Iterator[None]:
    """``gilprof attach`` with the recording on, past its start-up."""
    recording = Path(tempfile.mkdtemp()) / "it.gilprof"
    command = [sys.executable, "-m", "gilprof", "attach", str(pid), "--no-live", "-r", str(rate_hz)]
    with subprocess.Popen([*command, "-o", str(recording)], stdout=subprocess.DEVNULL) as process:
        time.sleep(WARM_UP_S)
        yield
        process.send_signal(signal.SIGINT)
    if process.returncode != 0:
        raise RuntimeError(f"gilprof attach ended with status {process.returncode}")


def py_spy(pid: int, seconds: float, rate_hz: int = 1000, *options: str) -> Run:
    """``py-spy record``; it does not say how many passes it took, so the asked rate counts."""
    out = Path(tempfile.mkdtemp()) / "py-spy.txt"
    program = str(Path(sys.executable).with_name("py-spy"))
    command = [program, "record", "--nonblocking", "-f", "raw", "-o", str(out), "-r", str(rate_hz), *options]
    share = _run([*command, "-d", str(round(seconds + WARM_UP_S)), "--pid", str(pid)], seconds)
    return Run(share, float(rate_hz), out)


def sampling(python: Path, pid: int, seconds: float, rate_hz: int = 1000, mode: str = "wall") -> Run:
    """CPython 3.15's ``profiling.sampling`` of all threads, by the target's own interpreter."""
    out = Path(tempfile.mkdtemp()) / "sampling.txt"
    command = [str(python), "-m", "profiling.sampling", "attach", "-a", "--mode", mode, "-r", str(rate_hz)]
    log = out.with_suffix(".log")
    command += ["-d", str(round(seconds + WARM_UP_S)), "--collapsed", "-o", str(out), str(pid)]
    share = _run(command, seconds, log)
    found = re.search(r"Sample rate: ([\d.,]+)", log.read_text())
    return Run(share, float(found[1].replace(",", "")) if found else float(rate_hz), out)


def _run(command: list[str], seconds: float, log: Path | None = None) -> float:
    """CPU seconds a second while it watches; it ends by itself."""
    out = log or Path(os.devnull)
    with out.open("w") as stream, subprocess.Popen(command, stdout=stream, stderr=stream) as process:
        time.sleep(WARM_UP_S)
        began, before = time.monotonic(), cpu_s(process.pid)
        time.sleep(seconds - 0.5)
        share = (cpu_s(process.pid) - before) / (time.monotonic() - began)
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with status {process.returncode}")
    return share


def cpu_s(pid: int) -> float:
    """CPU time of the process, of threads that have ended too; to the clock tick (10 ms)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
