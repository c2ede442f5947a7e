"""What one thread was doing when, by the exact oracle; and what that comes to in the time that gilprof observed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gilprof.analysis.classify.verdicts import PassVerdicts
from tests.oracle import Account, Oracle, OracleState

Ns = npt.NDArray[np.int64]
WAITING = (OracleState.REQUEST, OracleState.DROP, OracleState.FORCED)
_STATES = range(OracleState.ENDED)


@dataclass(frozen=True, slots=True)
class Spans:
    """The time that an observation's passes stand for: very late passes stand for one mean gap only."""

    start_ns: npt.NDArray[np.float64]
    end_ns: npt.NDArray[np.float64]

    @classmethod
    def of(cls, passes: PassVerdicts) -> Spans:
        return cls(passes.t_ns - passes.weight_ns, passes.t_ns.astype(np.float64))

    def amount(self, edges_ns: Ns, grown: npt.NDArray[np.float64]) -> float:
        """How much of ``grown`` falls into the spans: growth from edge to edge, evenly spread in between."""
        total = np.concatenate([[0.0], np.cumsum(grown)])
        edges = edges_ns.astype(np.float64)
        return float((np.interp(self.end_ns, edges, total) - np.interp(self.start_ns, edges, total)).sum())


@dataclass(frozen=True, slots=True)
class Timeline:
    """``state[i]`` from ``t_ns[i]`` to ``t_ns[i + 1]``; ``cpu_ns`` of CPU time used so far at each edge."""

    t_ns: Ns
    state: npt.NDArray[np.int64]
    cpu_ns: Ns

    def is_in(self, *states: int) -> npt.NDArray[np.bool_]:
        """For each stretch, whether the thread was in one of these states."""
        return np.isin(self.state[:-1], states)

    def account(self, spans: Spans) -> Account:
        """The sums over the spans. CPU time is spread evenly over a state that an edge cuts."""
        stretch, cpu = np.diff(self.t_ns).astype(np.float64), np.diff(self.cpu_ns).astype(np.float64)
        observed = (self.t_ns[:-1] >= spans.start_ns[0]) & (self.t_ns[:-1] < spans.end_ns[-1])
        return Account(
            round(float((spans.end_ns - spans.start_ns).sum())),
            tuple(round(spans.amount(self.t_ns, np.where(self.is_in(s), stretch, 0.0))) for s in _STATES),
            tuple(round(spans.amount(self.t_ns, np.where(self.is_in(s), cpu, 0.0))) for s in _STATES),
            tuple(int((self.is_in(s) & observed).sum()) for s in _STATES),
        )


def timeline(oracle: Oracle, tid: int, end_ns: int) -> Timeline:
    """Everything that the thread did up to ``end_ns``, which lies in the past."""
    assert oracle.events_lost(tid) == 0, "the oracle needs more room"
    events = oracle.events(tid)
    t_ns, state, cpu_ns = (events[name].astype(np.int64) for name in ("t_ns", "state", "cpu_ns"))
    if state[-1] != OracleState.ENDED and t_ns[-1] < end_ns:
        under_way = oracle.window(tid, int(t_ns[-1]), end_ns)
        t_ns, state = np.append(t_ns, end_ns), np.append(state, state[-1])
        cpu_ns = np.append(cpu_ns, cpu_ns[-1] + sum(under_way.cpu_ns))
    return Timeline(t_ns, state, cpu_ns)


def waited_for_ns(waiter: Timeline, holder: Timeline, spans: Spans) -> tuple[float, float]:
    """How long ``waiter`` waited while ``holder`` had the GIL: without and with the time inside its own drop_gil,
    where it may just be queued for a CPU."""
    edges = np.union1d(waiter.t_ns, holder.t_ns)
    held = _inside(holder, edges, OracleState.HELD)
    least, most = (
        spans.amount(edges, np.where(_inside(waiter, edges, *states) & held, np.diff(edges), 0.0))
        for states in ((OracleState.REQUEST, OracleState.FORCED), WAITING)
    )
    return least, most


def overdue_ns(holder: Timeline, waiter: Timeline, switch_interval_ns: float, spans: Spans) -> float:
    """How long ``holder`` kept the GIL after the drop request of the only other thread.

    take_gil (Python/ceval_gil.c) asks for the drop when it has waited for a switch interval for one holder.
    """
    held = np.flatnonzero(holder.is_in(OracleState.HELD))
    begins, ends = holder.t_ns[held], holder.t_ns[held + 1]
    requests = waiter.t_ns[:-1][waiter.is_in(OracleState.REQUEST)]
    latest = np.searchsorted(requests, ends) - 1
    asked = np.maximum(begins, requests[np.maximum(latest, 0)]) + switch_interval_ns
    late = (latest >= 0) & (asked < ends)
    edges = np.stack([asked[late], ends[late]], axis=1).reshape(-1).astype(np.int64)
    grown = np.diff(edges).astype(np.float64)
    grown[1::2] = 0.0
    return spans.amount(edges, grown)


def returning_ns(line: Timeline, call_ns: float, spans: Spans) -> float:
    """How long the thread waited for the GIL after calls without it that took at least ``call_ns``."""
    after = np.zeros(len(line.t_ns) - 1, np.bool_)
    after[1:] = line.is_in(OracleState.OFF)[:-1] & (np.diff(line.t_ns)[:-1] >= call_ns)
    return spans.amount(line.t_ns, np.where(after & line.is_in(OracleState.REQUEST), np.diff(line.t_ns), 0.0))


def _inside(line: Timeline, edges: Ns, *states: int) -> npt.NDArray[np.bool_]:
    """For each stretch between edges, which have all of the line's own, whether the thread was in these states."""
    at = np.searchsorted(line.t_ns, edges[:-1], side="right") - 1
    known = (at >= 0) & (at < len(line.t_ns) - 1)
    return known & np.isin(line.state[np.clip(at, 0, None)], states)
