"""The one plain sentence that answers: is it the GIL, and whose?

It is the GIL where somebody waits for it a tenth of the time (``CONTENDED``). Then the sentence names the own
function that most waiting is blamed on, and how it keeps the GIL, the first that fits of:

- garbage collection: half of the blame falls on collections that it set off (``MOSTLY``);
- blocked: half of the blame falls on time in which it was blocked with the GIL (``MOSTLY``);
- C code that keeps it: a quarter of the blame is overdue (``OVERDUE``). Others ask for the GIL only after a
  switch interval of waiting, so that even a call that never gives it up is not overdue from its start; Python
  code obeys at once;
- else Python code or calls shorter than the switch interval: those cannot be told apart by how they keep it.

Before that it says so where most waiting is of threads that come back from calls (``MOSTLY`` returning: the
convoy effect), or where mostly nobody has the GIL (``MOSTLY`` hand-over). A function with less than a quarter
of the waiting is not the answer (``DOMINANT``): then the waiting is spread over many.

Where it is not the GIL: ``gilprof.report.not_the_gil``.
"""

from __future__ import annotations

from gilprof.report.evidence import Culprit, Evidence
from gilprof.report.model import Gil, Process
from gilprof.report.not_the_gil import CONTENDED, MOSTLY, busy, cpus, cpus_are_short, not_the_gil, spot_named
from gilprof.units import format_mean, format_share

DOMINANT = 0.25
OVERDUE = 0.25
TORN = 0.03
"""Of the time, somebody waiting and the holder not to be told: then the sentence says so."""
EVENLY = 1.5
"""Times its even share that the first of several threads may have."""
_PYTHON_CODE = "Python code or short C calls"


def sentence(process: Process, evidence: Evidence) -> str:
    """One sentence with figures; every share says of what."""
    gil = process.gils[0]
    if process.observed_s == 0 or gil.contended is None or not process.threads:
        return "Nothing can be said: the process was not observed at all."
    if gil.contended < CONTENDED:
        answer = not_the_gil(gil, process, evidence).removesuffix(".")
    else:
        answer = (
            f"The GIL is busy {format_share(busy(gil))} of the time and {_threads_wait(gil)} on average: "
            f"{_whose(evidence)}{_too_few_cpus_too(process)}"
        )
    return f"{answer}{_doubts(gil, process)}."


def _doubts(gil: Gil, process: Process) -> str:
    """What gilprof itself has failed to see."""
    doubts = ""
    if gil.torn is not None and gil.torn >= TORN:
        doubts += f"; for {format_share(gil.torn)} of the time it could not be told who has the GIL"
    if process.sampling.unclaimed:
        doubts += f"; {process.sampling.unclaimed} Python threads were taken for native ones"
    return doubts


def _threads_wait(gil: Gil) -> str:
    shown = format_mean(gil.waiters_mean)
    return f"{shown} thread waits for it" if shown == "1.0" else f"{shown} threads wait for it"


def _whose(evidence: Evidence) -> str:
    culprit = evidence.culprit
    if culprit is None or evidence.handover >= MOSTLY:
        return (
            f"for {format_share(evidence.handover)} of the waiting nobody has it, and the thread that is to "
            "have it next has not got in yet"
        )
    share, named = format_share(culprit.share), spot_named(culprit.spot)
    if culprit.share < DOMINANT:
        return f"the waiting is spread over many functions, {named} has the most, {share} of it"
    kept = _how(culprit)
    if evidence.returning >= MOSTLY and kept.startswith(_PYTHON_CODE):
        return (
            f"{format_share(evidence.returning)} of the waiting is of threads that return from calls and "
            f"want it back, {share} of all waiting is for {named}, {kept}"
        )
    return f"{share} of the waiting is for {named}, {kept}"


def _how(culprit: Culprit) -> str:
    if culprit.gc >= MOSTLY:
        return "garbage collection that it sets off"
    if culprit.held_blocked >= MOSTLY:
        return "which is blocked while it has the GIL"
    if culprit.overdue >= OVERDUE:
        return "C code that keeps it"
    spot = culprit.spot
    if len(spot.threads) > 1 and spot.top_thread <= EVENLY / len(spot.threads):
        return f"{_PYTHON_CODE} that share it evenly"
    return _PYTHON_CODE


def _too_few_cpus_too(process: Process) -> str:
    if not cpus_are_short(process):
        return ""
    queued, _ = cpus(process)
    return f"; CPUs are short as well, {format_mean(queued)} threads stand ready without one on average"
