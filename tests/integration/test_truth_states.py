"""What each thread did, against exact tracing of the same seconds."""

from __future__ import annotations

import pytest

from tests.support.figures import PURE_PYTHON_RELEASED, UNKNOWN
from tests.support.interpreters import Interpreter, versions
from tests.support.watched import CASES, watched

every_interpreter = pytest.mark.parametrize("interpreter", versions(), ids=str)
every_case = pytest.mark.parametrize("name", CASES)


@every_interpreter
@every_case
def test_states_are_what_was_so(name: str, interpreter: Interpreter) -> None:
    seen = watched(name, interpreter)
    for thread in seen.case.threads:
        for figure in seen.figures(thread):
            figure.check()


@every_interpreter
@every_case
def test_next_to_nothing_is_unknown(name: str, interpreter: Interpreter) -> None:
    seen = watched(name, interpreter)
    for thread in seen.case.threads:
        row = seen.row(thread)
        assert row["seconds"]["unknown"] < UNKNOWN * row["alive_s"]


@every_interpreter
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.pure_python])
def test_pure_python_never_runs_without_the_gil(name: str, interpreter: Interpreter) -> None:
    seen = watched(name, interpreter)
    for thread in seen.case.pure_python:
        row = seen.row(thread)
        assert row["seconds"]["released"] < PURE_PYTHON_RELEASED * row["alive_s"]


@every_interpreter
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.fast])
def test_cpu_time_is_the_threads_own(name: str, interpreter: Interpreter) -> None:
    """``cpu_s`` against the threads' own CPU clocks, as the oracle stamped them. The kernel's account that others
    can read lags behind by up to a tick at either end of the observed time, and wherever time is left out of it."""
    tick_s = 0.010
    seen = watched(name, interpreter)
    left_out = int((seen.seen.passes.unobserved_ns > 0).sum())
    for thread in seen.case.threads:
        used_s = sum(seen.accounts[thread].cpu_ns) / 1e9
        assert abs(seen.row(thread)["cpu_s"] - used_s) < tick_s * (2 + left_out)
