"""Several processes in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from gilprof.report.gils import waiters_mean
from gilprof.report.model import Process
from gilprof.report.names import printable
from gilprof.units import format_mean

_COMMAND_WIDTH = 40


def leading(processes: Sequence[Process]) -> int:
    """Which of them costs its threads most by its GILs; where none does, which uses most CPU."""
    return max(range(len(processes)), key=lambda number: _cost(processes[number]))


def session_sentence(processes: Sequence[Process]) -> str:
    """The process's own, of one; of several, that of the one that ``leading`` gives, and which one it is."""
    first = processes[leading(processes)]
    if len(processes) == 1:
        return first.sentence
    waiting_mean, cpu_mean = _cost(first)
    does = "waits most for its GIL" if waiting_mean else f"uses most CPU ({format_mean(cpu_mean)})"
    command = printable(" ".join(first.command), _COMMAND_WIDTH)
    return f"Of {len(processes)} processes, {first.pid} ({command}) {does}. {first.sentence}"


def _cost(process: Process) -> tuple[float, float]:
    """Mean number of threads that wait for a GIL, to a hundredth, and of CPUs."""
    waiting = waiters_mean(process)
    cpu_s = sum(thread.cpu_s for thread in process.threads)
    return round(waiting, 2), cpu_s / process.observed_s if process.observed_s else 0.0
