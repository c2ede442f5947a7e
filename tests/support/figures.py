"""gilprof's figures beside the truth, and how far off they may be."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import sqrt

from tests.oracle import Account, OracleState
from tests.support.observed import Observation

FLOOR = 0.02
"""The contract's bound on the error of a share over 5 s at 1 kHz ..."""
CROWDED_FLOOR = 0.05
"""... and where more threads are runnable than there are CPUs."""
CROWDED = 0.05
"""That is so where the target's threads, all together, were queued for a CPU for this share of the time."""
PURE_PYTHON_RELEASED = 0.01
UNKNOWN = 0.005
SIGMAS = 4.0
"""Standard errors that must fit into the bound: one figure in 16,000 is beyond them by chance."""
EDGE = 0.31
"""Standard error of where an edge falls between two looks, in mean gaps: 1 / sqrt(12), and a little more as gaps
are uniform between 0.5 and 1.5 of their mean."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one thread beside the truth, as shares of the observed time.

    The truth is between ``low`` and ``high``: they differ where nobody can say in which state a thread was queued
    for a CPU.
    """

    thread: str
    what: str
    low: float
    high: float
    measured: float
    sampling_error: float
    """Standard error, from the size of the sample alone."""
    bound: float

    @property
    def error(self) -> float:
        """From the truth to the measured figure; 0 between ``low`` and ``high``."""
        return self.measured - min(max(self.measured, self.low), self.high)

    def check(self) -> None:
        """It is within its bound, and the sample was large enough to tell."""
        assert SIGMAS * self.sampling_error <= self.bound, f"the sample is too small for {self}"
        assert abs(self.error) <= self.bound, f"off by {100 * self.error:+.2f} points: {self}"


def bound(observation: Observation) -> float:
    """How far off a share may be. Whether the CPUs sufficed is for the kernel to say, not for the target's name:
    other processes want them too, and so does the host of a virtual machine."""
    without_cpu = (sum(observation.queued_s.values()) + observation.stolen_s) / observation.window_s
    return CROWDED_FLOOR if without_cpu > CROWDED else FLOOR


def sampling_error(share: float, changes: float, passes: int) -> float:
    """Standard error of a share found by looks at random moments, of a thread that changed its state so often.

    Where states outlast the gaps between looks, only the edges are uncertain, each by EDGE of a gap. Where states
    change faster than that, every look is a draw of its own.
    """
    draws = sqrt(max(share * (1 - share), 0.0) / passes)
    return min(EDGE * sqrt(changes) / passes, draws)


def figure(observation: Observation, thread: str, what: str, truth: tuple[float, float], measured: float,
           changes: float) -> Figure:  # fmt: skip
    """A share of any kind beside its truth, from lowest to highest."""
    low, high = truth
    error = sampling_error(min(max(measured, low), high), changes, observation.sums.passes)
    return Figure(thread, what, low, high, measured, error, bound(observation))


def state_figures(
    observation: Observation, thread: str, tid: int, account: Account, never: Collection[str] = ()
) -> list[Figure]:
    """The thread's states beside the oracle's account of the observed time.

    ``never``: states that the program cannot be in, which makes the truth about the others exact.
    """
    row = observation.thread(thread)
    shares = {state: seconds / row["alive_s"] for state, seconds in row["seconds"].items()}
    changes = sum(account.entries)
    truths = _truths(account, (observation.queued_s[tid] + observation.stolen_s) * 1e9, never)
    return [
        figure(observation, thread, what, truth, sum(shares[state] for state in what.split(" + ")), changes)
        for what, truth in truths.items()
    ]


def _truths(account: Account, without_cpu_ns: float, never: Collection[str]) -> dict[str, tuple[float, float]]:
    """Lowest and highest possible share of each state.

    ``without_cpu_ns``: at most so long the thread was runnable and had no CPU, queued for one or on one that the
    machine's host had taken away; no account says in which state. A thread that is preempted inside drop_gil is queued
    for a CPU: only the CPU time there is surely ``waiting``.
    """
    in_drop_ns = account.ns[OracleState.DROP] - account.cpu_ns[OracleState.DROP]
    out: dict[str, tuple[float, float]] = {"waiting": (account.waiting_ns - in_drop_ns, account.waiting_ns)}
    out["held + held_blocked"] = (account.held_ns, account.held_ns)
    out["released + blocked"] = (account.off_ns, account.off_ns + in_drop_ns)
    if sum(account.cpu_ns):
        for ns, cpu_ns, extra_ns, runs, sleeps in (
            (account.held_ns, account.held_cpu_ns, 0, "held", "held_blocked"),
            (account.off_ns, account.off_cpu_ns, in_drop_ns, "released", "blocked"),
        ):
            least, most = float(cpu_ns), min(ns, cpu_ns + without_cpu_ns)
            if sleeps in never:
                least = most = float(ns)
            if runs in never:
                least = most = 0.0
            out[runs] = (least, most + extra_ns)
            out[sleeps] = (ns - most, ns - least)
    return {what: (low / account.t_ns, high / account.t_ns) for what, (low, high) in out.items()}
