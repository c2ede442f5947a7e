"""Size of recordings, and how long a report and the exports of ten minutes take."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks import tools
from benchmarks.table import Table
from gilprof.exporters import FORMATS
from gilprof.model import Batch
from gilprof.recording.reader import Recording
from gilprof.recording.writer import RecordingWriter
from tests.support.interpreters import interpreters
from tests.support.spawn import spawn

LONG_S = 600


def measure(seconds: float) -> Table:
    table = Table("Recordings", ("what", "figure"))
    python = interpreters()["3.11"]
    mixed: Path | None = None
    for what, target, *arguments in (
        ("10 busy threads at 1 kHz", "spin", "10"),
        ("10 idle threads at 1 kHz", "many_threads", "10", "0"),
        ("real mixed work in pools, 12 threads, at 1 kHz", "mixed_pool", "4"),
    ):
        with spawn(python, target, *arguments) as running:
            mixed = tools.gilprof(running.pid, seconds).output
        table.add(what, f"{mixed.stat().st_size / (seconds + tools.WARM_UP_S) * 60 / 1e6:.2f} MB a minute")
    assert mixed is not None
    long = _repeated(mixed)
    table.add("report on 10 minutes of that mixed work", _cost("report", str(long)))
    for known in FORMATS:
        out = str(long.with_suffix(known.endings[-1]))
        table.add(f"export -f {known.name} of it", _cost("export", str(long), "-f", known.name, "-o", out))
    return table


def _cost(*arguments: str) -> str:
    """The time that ``gilprof`` takes for this, and its memory at most."""
    began = time.monotonic()
    command = [sys.executable, "-m", "gilprof", *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with status {process.returncode}")
    return f"{time.monotonic() - began:.1f} s, {usage.ru_maxrss / 1024:.0f} MiB"


def _repeated(short: Path) -> Path:
    """``short`` again and again, for ten minutes."""
    path = short.with_name("long.gilprof")
    with Recording.open(short) as recording:
        batches = [batch for batch in recording.batches() if len(batch.passes)]
        info = recording.info
    first, last = batches[0].passes[0], batches[-1].passes[-1]
    length_ns = int(last["t_ns"] - first["t_ns"])
    switches = int(last["switch_number"] - first["switch_number"])
    with RecordingWriter(path, info) as writer:
        for round_ in range(LONG_S * 10**9 // length_ns + 1):
            for batch in batches:
                writer.write(_later(batch, round_, length_ns, switches))
    return path


def _later(batch: Batch, round_: int, length_ns: int, switches: int) -> Batch:
    """The batch as it comes again in a later round: the same facts, and nothing newly defined."""
    passes, looks = batch.passes.copy(), batch.looks.copy()
    passes["t_ns"] += round_ * length_ns
    passes["switch_number"] += np.uint64(round_ * switches)
    for counter in ("cpu_ns", "queued_ns"):
        looks[counter] += np.uint64(round_ * length_ns)
    if round_ == 0:
        return replace(batch, ended=None)
    return Batch(passes, looks, health=batch.health)
