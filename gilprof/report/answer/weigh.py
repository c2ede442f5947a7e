"""Weighing the reasons: what costs the threads of a process most.

A reason's cost is the mean number of threads that it keeps, or keeps busy (``Reason.threads_mean``):

- the GIL: threads that wait for it, less those that stand ready without a CPU meanwhile, and those who wait for a
  thread that does. Only from a tenth of the time with somebody waiting on (``CONTENDED``);
- too few CPUs: threads ready without one, and those who wait for a thread with the GIL that is. Only from a quarter
  of a thread on (``QUEUED_MEAN``) that is a quarter of those that were ready (``QUEUED_SHARE``), or where that is what
  most of the waiting for the GIL comes from (``MOSTLY``);
- running without the GIL: half a thread on average (``MOSTLY``), those without a CPU left out;
- a lock: threads that block on one line's lock for a third of their time (``LOCKED``);
- where hardly anybody waits for the GIL and it is busy half of the time (``MOSTLY``): one thread that has nearly all
  of it, nearly all of its own time (``ONE_THREAD``), or several that take turns.

The costliest is the answer, and others that cost half as much are named behind it (``NEAR``), a lack of CPUs
always. Where two cost nearly
alike (``ALIKE``) the order of ``Kind`` decides, so that the answer does not change from run to run. An event loop that
stands still half of its time (``STANDS_STILL``) is the answer whatever else there is. A lock is the answer only where
neither GIL, nor CPUs, nor code without the GIL, nor one thread is: threads that wait for work look the same from
outside.
"""

from __future__ import annotations

from collections.abc import Iterator

from gilprof.model import BLOCKED_IN_NAMES, BlockedIn, State
from gilprof.report.answer.evidence import Culprit, Evidence
from gilprof.report.answer.limits import (
    ALIKE,
    COLLECTING,
    CONTENDED,
    DISAGREEING,
    EVENLY,
    FEW_PASSES,
    LOCKED,
    MOSTLY,
    NEAR,
    ONE_THREAD,
    OVERDUE,
    QUEUED_MEAN,
    QUEUED_SHARE,
    STANDS_STILL,
    TORN,
)
from gilprof.report.answer.loops import StandingLoop
from gilprof.report.answer.model import Answer, Confidence, Doubt, Keeps, Kind, Reason
from gilprof.report.gils import leading_gil
from gilprof.report.model import Gil, Process, Thread

_ORDER = list(Kind)
_LOCK_YIELDS_TO = (Kind.GIL, Kind.CPUS, Kind.RELEASED, Kind.ONE_THREAD)


def answer(process: Process, evidence: Evidence) -> Answer:
    """What costs the threads of ``process`` most; of several GILs, the one that most wait for."""
    gil = leading_gil(process)
    reasons = _ranked(list(_reasons(process, gil, evidence)))
    doubts = tuple(_doubts(process, gil))
    first = reasons[0].kind
    near = NEAR * reasons[0].threads_mean
    fair = first is not Kind.LOOP and any(other.threads_mean >= near for other in reasons[1:])
    collecting = evidence.gc_waiting if first is Kind.GIL else evidence.gc_mean
    return Answer(
        kind=first,
        reasons=reasons,
        confidence=Confidence.LOW if doubts else Confidence.FAIR if fair else Confidence.HIGH,
        doubts=doubts,
        contended=gil.contended,
        busy=None if gil.held is None else busy(gil),
        collecting=collecting if collecting >= COLLECTING else 0.0,
        unclaimed=process.sampling.unclaimed,
        torn=gil.torn,
        disagreement=process.disagreement,
        gil=gil.id if len(process.gils) > 1 else None,
    )


def busy(gil: Gil) -> float:
    """Share of the observed time in which somebody had the GIL."""
    return (gil.held or 0.0) + (gil.held_blocked or 0.0)


def cpus_are_short(queued_mean: float, on_cpu_mean: float) -> bool:
    """Whether threads stand ready without a CPU often enough to matter."""
    return queued_mean >= QUEUED_MEAN and queued_mean >= QUEUED_SHARE * (queued_mean + on_cpu_mean)


def _ranked(reasons: list[Reason]) -> tuple[Reason, ...]:
    """The first, then those that cost nearly as much."""
    alone = [reason for reason in reasons if reason.kind is Kind.LOOP]
    costly = [reason for reason in reasons if reason.kind is not Kind.LOOP]
    costly.sort(key=lambda reason: (-reason.threads_mean, _ORDER.index(reason.kind)))
    if costly:
        alike = [reason for reason in costly if reason.threads_mean >= ALIKE * costly[0].threads_mean]
        first = min(alike, key=lambda reason: _ORDER.index(reason.kind))
        costly = [first, *(reason for reason in costly if reason is not first and _named_behind(first, reason))]
    return (*alone, *costly)


def _named_behind(first: Reason, other: Reason) -> bool:
    """It costs nearly as much. A lack of CPUs is always named, and with it what would use them, and a GIL that somebody
    waits for most of the time."""
    match first.kind, other.kind:
        case (_, Kind.CPUS) | (Kind.CPUS, Kind.RELEASED):
            return True
        case (Kind.CPUS, Kind.GIL):
            waits = other.shares["waiters_mean"] >= NEAR * first.threads_mean
            return waits or other.shares["contended"] >= MOSTLY
        case _:
            return other.threads_mean >= NEAR * first.threads_mean


def _reasons(process: Process, gil: Gil, evidence: Evidence) -> Iterator[Reason]:
    python = [thread for thread in process.threads if thread.gil is not None]
    if process.observed_s == 0 or gil.contended is None or not process.threads:
        yield Reason(Kind.NOT_OBSERVED, 0.0, {})
        return
    found = [
        *_loop(evidence.loop, process),
        *_gil(gil, evidence),
        *_cpus(evidence),
        *_released(evidence, python),
    ]
    if not any(reason.kind is Kind.GIL for reason in found):
        found += _busy_alone(gil, python)
    if not any(reason.kind in _LOCK_YIELDS_TO for reason in found):
        found += _lock(evidence, process)
    yield from found or [_otherwise(gil, python)]


def _gil(gil: Gil, evidence: Evidence) -> Iterator[Reason]:
    if gil.contended is None or gil.contended < CONTENDED:
        return
    for_want_of_cpus = evidence.waiting_for_cpu_mean + evidence.waiting_for_queued_mean
    culprit = evidence.culprit
    shares = {
        "busy": busy(gil),
        "contended": gil.contended,
        "handover": evidence.handover,
        "returning": evidence.returning,
        "waiters_mean": gil.waiters_mean or 0.0,
    }
    if culprit is not None:
        shares |= {
            "culprit": culprit.share,
            "first_of_many": culprit.first_share,
            "overdue": culprit.overdue,
            "held_blocked": culprit.held_blocked,
            "garbage_collection": culprit.gc,
            "without_cpu": culprit.no_cpu,
        }
    yield Reason(
        Kind.GIL,
        max(evidence.waiting_mean - for_want_of_cpus, 0.0),
        shares,
        culprit=None if culprit is None else culprit.spot,
        keeps=None if culprit is None else _keeps(culprit),
    )


def _keeps(culprit: Culprit) -> Keeps:
    if culprit.gc >= MOSTLY:
        return Keeps.COLLECTING
    if culprit.held_blocked >= MOSTLY:
        return Keeps.BLOCKED
    if culprit.no_cpu >= MOSTLY:
        return Keeps.NO_CPU
    if culprit.overdue >= OVERDUE:
        return Keeps.C_CODE
    spot = culprit.spot
    evenly = len(spot.threads) > 1 and spot.top_thread <= EVENLY / len(spot.threads)
    return Keeps.EVENLY if evenly else Keeps.PYTHON


def _cpus(evidence: Evidence) -> Iterator[Reason]:
    behind_the_gil = evidence.waiting_for_cpu_mean + evidence.waiting_for_queued_mean
    its_fault = evidence.waiting_mean > CONTENDED and behind_the_gil >= MOSTLY * evidence.waiting_mean
    if its_fault or cpus_are_short(evidence.queued_mean, evidence.on_cpu_mean):
        shares = {"queued_mean": evidence.queued_mean, "on_cpu_mean": evidence.on_cpu_mean}
        yield Reason(Kind.CPUS, evidence.queued_mean + evidence.waiting_for_queued_mean, shares)


def _released(evidence: Evidence, python: list[Thread]) -> Iterator[Reason]:
    if evidence.released_mean >= MOSTLY:
        works = sum(_holds(thread) + thread.seconds["released"] for thread in python)
        shares = {
            "released_mean": evidence.released_mean,
            "of_the_work": sum(thread.seconds["released"] for thread in python) / works,
        }
        cost = max(evidence.released_mean - evidence.released_queued_mean, 0.0)
        yield Reason(Kind.RELEASED, cost, shares, culprit=evidence.released)


def _loop(loop: StandingLoop | None, process: Process) -> Iterator[Reason]:
    if loop is None or loop.alive_s == 0 or loop.standing_s < STANDS_STILL * loop.alive_s:
        return
    callback, states = loop.callback, loop.callback_states_s
    shares = {
        "standing": loop.standing_s / loop.alive_s,
        "waiting": loop.waiting_s / loop.alive_s,
        "callback": 0.0 if callback is None else callback.seconds / loop.alive_s,
    }
    blocked = states[State.BLOCKED] + states[State.HELD_BLOCKED]
    blocked_in = {kind.name.lower(): each for kind, each in zip(BlockedIn, loop.blocked_in_s, strict=True)}
    stuck = blocked >= MOSTLY * sum(states) > 0
    yield Reason(
        Kind.LOOP,
        loop.standing_s / process.observed_s,
        shares,
        culprit=callback,
        blocked_in=_most(blocked_in)[:1] if stuck else (),
        waits_for=loop.waits_for if loop.waiting_s >= CONTENDED * loop.alive_s else None,
        threads=(loop.thread,),
    )


def _lock(evidence: Evidence, process: Process) -> Iterator[Reason]:
    lock = evidence.lock
    if lock is not None and lock.seconds >= LOCKED * lock.threads_s:
        yield Reason(Kind.LOCK, lock.seconds / process.observed_s, {"blocked": lock.seconds / lock.threads_s}, lock)


def _busy_alone(gil: Gil, python: list[Thread]) -> Iterator[Reason]:
    if busy(gil) < MOSTLY:
        return
    top = max(python, key=_holds)
    shares = {"busy": busy(gil), "held_blocked": gil.held_blocked or 0.0, "first_thread": _holds(top) / top.alive_s}
    alone = _holds(top) >= ONE_THREAD * sum(map(_holds, python))
    works_s = _holds(top) + top.seconds["released"] + top.seconds["waiting"]
    if alone and works_s >= ONE_THREAD * top.alive_s:
        yield Reason(Kind.ONE_THREAD, busy(gil), shares, threads=(top.name,))
    elif not alone:
        yield Reason(Kind.TURNS, busy(gil), {**shares, "threads": float(len(python))})


def _otherwise(gil: Gil, python: list[Thread]) -> Reason:
    alive_s = sum(thread.alive_s for thread in python)
    if alive_s == 0:
        return Reason(Kind.NO_THREADS, 0.0, {})
    kinds = _blocked_in(python)
    shares = {**kinds, "blocked": sum(kinds.values()), "busy": busy(gil), "threads": float(len(python))}
    top = max(python, key=_holds)
    if busy(gil) >= MOSTLY:
        kinds = _blocked_in([top])
        shares |= {**kinds, "blocked": sum(kinds.values()), "first_thread": _holds(top) / top.alive_s, "threads": 1.0}
    kind = Kind.BLOCKED if shares["blocked"] >= MOSTLY or busy(gil) >= MOSTLY else Kind.QUIET
    blocked_in = tuple(name for name in _most(kinds)[:2] if kinds[name] >= 0.01)
    return Reason(kind, 0.0, shares, blocked_in=blocked_in, threads=(top.name,) if "first_thread" in shares else ())


def _blocked_in(threads: list[Thread]) -> dict[str, float]:
    """Shares of the threads' time by what they were blocked in; waiting for a child process apart."""
    alive_s = sum(thread.alive_s for thread in threads)
    kinds = {name: sum(thread.blocked[name] for thread in threads) / alive_s for name in BLOCKED_IN_NAMES}
    child = sum(thread.for_child_s for thread in threads) / alive_s
    return {**kinds, "other": max(kinds["other"] - child, 0.0), "child": child}


def _most(parts: dict[str, float]) -> tuple[str, ...]:
    return tuple(sorted(parts, key=parts.__getitem__, reverse=True))


def _holds(thread: Thread) -> float:
    return thread.seconds["held"] + thread.seconds["held_blocked"]


def _doubts(process: Process, gil: Gil) -> Iterator[Doubt]:
    if process.sampling.passes < FEW_PASSES:
        yield Doubt.FEW_PASSES
    if gil.torn is not None and gil.torn >= TORN:
        yield Doubt.TORN
    if process.sampling.unclaimed:
        yield Doubt.UNCLAIMED
    if process.disagreement is not None and process.disagreement >= DISAGREEING:
        yield Doubt.KERNEL_DISAGREES
