"""The ptrace rules of this kernel: whom an ordinary user may read (Yama, Documentation/admin-guide/LSM)."""

from __future__ import annotations

from pathlib import Path

from gilprof.doctor.finding import Finding, Level
from gilprof.target.access import NOBODY_MAY, can_trace_any, ptrace_scope, scope_remedy
from gilprof.target.container import ReadText, container

_MEANING = {
    0: "a user may read its own processes",
    1: "a user may read its own children only",
    2: "only CAP_SYS_PTRACE may read other processes",
    3: "nobody may read other processes until a reboot",
}


def rules(read_text: ReadText = Path.read_text) -> Finding:
    """A note where the rules stand between gilprof and running processes of its own user."""
    scope = ptrace_scope(read_text)
    if scope is None:
        return Finding("ptrace", Level.OK, f"no Yama in this kernel: {_MEANING[0]}")
    found = f"kernel.yama.ptrace_scope is {scope}: {_MEANING[min(scope, NOBODY_MAY)]}"
    if scope == 0 or (scope < NOBODY_MAY and can_trace_any(read_text)):
        return Finding("ptrace", Level.OK, found)
    allowed = "those that 'gilprof run' starts" if scope == 1 else "none"
    remedy = scope_remedy(scope, bool(container(read_text)))
    return Finding("ptrace", Level.NOTE, found, f"only {allowed}; for running ones first: {remedy}")
