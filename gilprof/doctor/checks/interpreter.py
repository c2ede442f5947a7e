"""The Python in the process, and whether gilprof knows its build."""

from __future__ import annotations

from gilprof.doctor.finding import Finding, Level
from gilprof.report.names import printable
from gilprof.target.memory import RemoteMemory
from gilprof.target.process import Process
from gilprof.target.resolve import resolve
from gilprof.units import format_seconds


def interpreter(pid: int) -> Finding:
    """Raises NotReadable for what is not a Python, or one that gilprof cannot read."""
    with Process(pid) as process, RemoteMemory(pid) as memory:
        target = resolve(process, memory)
        executable = printable(process.executable, 60)
    interval = format_seconds(target.switch_interval_ns / 1e9)
    found = f"CPython {target.python}, {target.build} build, switch interval {interval}: {executable}"
    return Finding("interpreter", Level.OK, found)
