"""The sentence where hardly anybody waits for the GIL: what it is instead, the first that fits of these.

- The machine has too few CPUs: a quarter of a thread stands ready without one on average (``QUEUED_MEAN``),
  and that is a quarter of the time in which threads were ready (``QUEUED_SHARE``).
- Threads run without the GIL: half a thread on average (``MOSTLY``), and more than the GIL is busy.
- The GIL is busy half of the time (``MOSTLY``) all the same: one thread has nearly all of it
  (``ONE_THREAD``), or several take turns.
- A lock: the threads that block on one line's lock do so a third of their time (``LOCKED``).
- The threads are blocked half of their time (``MOSTLY``) on something else; or nothing of all this.
"""

from __future__ import annotations

from gilprof.model import BLOCKED_IN_NAMES
from gilprof.report.evidence import Evidence, Spot
from gilprof.report.model import Gil, Process, Thread
from gilprof.report.names import base_name, location, printable, threads_named
from gilprof.units import format_mean, format_share

CONTENDED = 0.1
MOSTLY = 0.5
QUEUED_MEAN = 0.25
QUEUED_SHARE = 0.25
ONE_THREAD = 0.9
LOCKED = 0.3
_IN_WORDS = {
    "lock": "on locks",
    "poll": "in poll",
    "io": "in I/O",
    "sleep": "asleep",
    "page": "in page faults",
    "other": "in other system calls",
}


def not_the_gil(gil: Gil, process: Process, evidence: Evidence) -> str:
    """One sentence about what limits the process instead."""
    python = [thread for thread in process.threads if thread.gil is not None]
    released_mean = sum(thread.seconds["released"] for thread in python) / process.observed_s
    waited_for = f"the GIL is waited for {format_share(gil.contended)} of the time"
    if cpus_are_short(process):
        queued, running = cpus(process)
        return (
            f"Not the GIL: the machine has too few CPUs, {format_mean(queued)} threads stand ready without "
            f"one and {format_mean(running)} run on average; {waited_for}."
        )
    if released_mean >= MOSTLY and released_mean >= busy(gil):
        where = f", most of it in {spot_named(evidence.released)}" if evidence.released else ""
        mean = format_mean(released_mean)
        verb = "thread runs" if mean == "1.0" else "threads run"
        return f"Not the GIL: {mean} {verb} without it on average{where}; {waited_for}."
    if busy(gil) >= MOSTLY:
        return _busy_alone(gil, python)
    if evidence.lock is not None and evidence.lock.seconds >= LOCKED * evidence.lock.threads_s:
        return f"Not the GIL: {_locked(evidence.lock)}; {waited_for}."
    return _waits_otherwise(gil, python)


def busy(gil: Gil) -> float:
    """Share of the observed time in which somebody had the GIL."""
    return (gil.held or 0.0) + (gil.held_blocked or 0.0)


def cpus(process: Process) -> tuple[float, float]:
    """How many of the threads that were ready had no CPU, and how many had one, on average."""
    queued = sum(thread.queued_s for thread in process.threads) / process.observed_s
    return queued, sum(thread.cpu_s for thread in process.threads) / process.observed_s


def cpus_are_short(process: Process) -> bool:
    """Whether threads stand ready without a CPU often enough to matter."""
    queued, running = cpus(process)
    return queued >= QUEUED_MEAN and queued >= QUEUED_SHARE * (queued + running)


def spot_named(spot: Spot) -> str:
    """``Parser.feed (ingest.py:88) in thread feeder``."""
    return f"{location(spot.name, spot.file, spot.line)} in {threads_named(spot.threads)}"


def _busy_alone(gil: Gil, python: list[Thread]) -> str:
    top = max(python, key=_holds)
    stuck = gil.held_blocked or 0.0
    blocked = f" ({format_share(stuck)} while blocked)" if stuck >= CONTENDED else ""
    opening = (
        f"The GIL is busy {format_share(busy(gil))} of the time{blocked}, but it is waited for "
        f"{format_share(gil.contended)} of it: "
    )
    if _holds(top) >= ONE_THREAD * sum(map(_holds, python)):
        share = format_share(_holds(top) / top.alive_s)
        return f"{opening}one thread is the limit, {printable(top.name, 40)} has it {share} of its time."
    return f"{opening}{len(python)} threads take turns without getting in each other's way."


def _locked(lock: Spot) -> str:
    place = printable(f"{base_name(lock.file)}:{lock.line}" if lock.file else lock.name)
    share = format_share(lock.seconds / lock.threads_s)
    return f"{threads_named(lock.threads)} are blocked {share} of their time on a lock at {place}"


def _waits_otherwise(gil: Gil, python: list[Thread]) -> str:
    alive_s = sum(thread.alive_s for thread in python)
    if alive_s == 0:
        return "Not the GIL: no thread that Python knows was seen."
    tail = f"the GIL is held {format_share(busy(gil))} and waited for {format_share(gil.contended)} of the time"
    kinds = {name: sum(thread.blocked[name] for thread in python) / alive_s for name in BLOCKED_IN_NAMES}
    blocked = sum(kinds.values())
    if blocked < MOSTLY:
        return f"Not the GIL: {tail}."
    most = sorted(kinds, key=kinds.__getitem__, reverse=True)[:2]
    parts = [f"{_IN_WORDS[name]} {format_share(kinds[name])}" for name in most if kinds[name] >= 0.01]
    if len(python) == 1:
        who = f"the one Python thread is blocked {format_share(blocked)} of its time"
    else:
        who = f"the {len(python)} Python threads are blocked {format_share(blocked)} of their time"
    return f"Not the GIL: {who} ({' and '.join(parts)}); {tail}."


def _holds(thread: Thread) -> float:
    return thread.seconds["held"] + thread.seconds["held_blocked"]
