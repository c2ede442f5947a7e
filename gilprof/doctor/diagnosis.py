"""The checks put together: findings, a verdict, and an exit status."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from gilprof.doctor.checks import OF_A_PROCESS, OF_A_SPECIMEN, OF_THE_MACHINE
from gilprof.doctor.checks.trial import RATE_HZ
from gilprof.doctor.finding import Check, Finding, Level
from gilprof.doctor.specimen import specimen
from gilprof.errors import GilprofError
from gilprof.units import format_rate, format_share


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that was found."""

    pid: int | None
    findings: tuple[Finding, ...]
    error: GilprofError | None
    """What is in the way."""

    @property
    def subject(self) -> str:
        """What was looked at."""
        return "this machine" if self.pid is None else f"process {self.pid}"

    @property
    def cost_share(self) -> float | None:
        """Of one core, at ``RATE_HZ``; None where no profile was tried."""
        return next((found.cost_share for found in self.findings if found.cost_share is not None), None)

    @property
    def verdict(self) -> str:
        """One line: can it be profiled, and if not, the one thing to change."""
        if self.error is not None:
            remedy = f"; {self.error.next_step}" if self.error.next_step else ""
            return f"{self.subject} cannot be profiled: {self.error.answered}{remedy}"
        notes = "; ".join(found.verdict for found in self.findings if found.verdict and self._matters(found))
        cost = f"about {format_share(self.cost_share)} of a core at {format_rate(RATE_HZ)}"
        if notes:
            return f"{self.subject} can be profiled ({cost}), but {notes}"
        return f"{self.subject} can be profiled: everything is known, {cost}"

    def _matters(self, found: Finding) -> bool:
        """The rules for other processes are no matter for one that could be read."""
        return self.pid is None or found.check != "ptrace"


def diagnose(pid: int | None) -> Diagnosis:
    """Make the checks; without ``pid`` on a Python that is started for them."""
    if pid is not None:
        return _diagnosis(pid, pid, OF_A_PROCESS)
    with specimen() as started:
        return _diagnosis(None, started, OF_A_SPECIMEN)


def _diagnosis(pid: int | None, tried: int, checks: tuple[Check, ...]) -> Diagnosis:
    """``checks`` on ``tried``, up to the first that something stands in the way of."""
    findings: list[Finding] = []
    every = {check.__name__: check for check in OF_THE_MACHINE} | {
        check.__name__: partial(check, tried) for check in checks
    }
    for name, check in every.items():
        try:
            findings.append(check())
        except GilprofError as error:
            findings.append(Finding(name, Level.NO, error.answered))
            return Diagnosis(pid, tuple(findings), error)
    return Diagnosis(pid, tuple(findings), None)
