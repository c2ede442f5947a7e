"""The processes below the one that is observed: it may only wait for them, and then they are what to look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gilprof.analysis.sums import ChildSums
from gilprof.report.model import BusyChild, Child, Process, Report
from gilprof.report.names import base_name, printable
from gilprof.units import format_mean

ROWS = 100
"""Children that a report has: the busiest, and those that live before those that have ended."""
TIMES_MORE = 2.0
AT_LEAST_MORE = 0.05
"""A child uses clearly more CPU than the process where it uses twice as much, and so many CPUs more."""


def child_rows(sums: Iterable[ChildSums], seconds: float) -> tuple[Child, ...]:
    """Rows of the children, the busiest first. ``seconds``: in which they used what they did."""
    ordered = sorted(sums, key=lambda child: (-child.cpu_ns, child.ended, child.pid))
    return tuple(
        Child(
            pid=child.pid,
            parent=child.parent,
            command=child.command,
            python=child.python,
            ended=child.ended,
            cpu_s=child.cpu_ns / 1e9,
            cpu_mean=child.cpu_ns / 1e9 / seconds if seconds > 0 else None,
        )
        for child in ordered[:ROWS]
    )


def busy_child(process: Process) -> BusyChild | None:
    """The busiest child that uses clearly more CPU than ``process``: a Python that lives, where one does."""
    own_mean = sum(thread.cpu_s for thread in process.threads) / process.duration_s if process.duration_s else 0.0
    least = max(TIMES_MORE * own_mean, own_mean + AT_LEAST_MORE)
    busy = [child for child in process.children if (child.cpu_mean or 0.0) >= least]
    if not busy:
        return None
    # The busiest come first, and max takes the first of equals.
    child = max(busy, key=lambda child: (child.python, not child.ended))
    return BusyChild(child.pid, child.cpu_mean or 0.0, child.command, _sentence(process, own_mean, child))


def answer_lines(report: Report) -> Iterator[str]:
    """What a report says first: where to look instead, and the sentence."""
    for process in report.processes:
        if process.busy_child is not None:
            yield process.busy_child.sentence
    yield report.sentence


def _sentence(process: Process, own_mean: float, child: Child) -> str:
    """``This process uses <0.01 CPU, its child 3633 uses 0.70 CPU: attach to that.``"""
    kin = "its child" if child.parent == process.pid else "process"
    below = "" if child.parent == process.pid else " below it"
    cpu = format_mean(child.cpu_mean)
    others = [other for other in process.children if other.cpu_mean and other.pid != child.pid]
    all_mean = sum(other.cpu_mean or 0.0 for other in process.children)
    among = f" ({len(others) + 1} children: {format_mean(all_mean)})" if others else ""
    if child.ended:
        does, advice = "used", "it has ended"
    elif not child.python:
        name = printable(base_name(child.command[0]) if child.command else "?", 20)
        does, advice = "uses", f"it is no Python, but {name}"
    else:
        does, advice = "uses", "attach to that"
    return f"This process uses {format_mean(own_mean)} CPU, {kin} {child.pid}{below} {does} {cpu} CPU{among}: {advice}."
