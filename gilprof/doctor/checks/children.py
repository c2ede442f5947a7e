"""The processes below it: processes of their own, which a profile of it does not look into."""

from __future__ import annotations

import shlex

from gilprof.doctor.finding import Finding, Level
from gilprof.report.names import printable
from gilprof.target.children import command_of, descendants, seems_python

NAMED = 8
"""Children that are named; the others are counted."""
COMMAND_LENGTH = 40


def children(pid: int) -> Finding:
    """The Pythons among them first: one of these may be what is to be looked at."""
    below = sorted((not seems_python(child), child) for child in descendants(pid))
    if not below:
        return Finding("children", Level.OK, "no processes below it")
    named = [f"{child} {_command(child)}{'' if other else ' (a Python)'}" for other, child in below[:NAMED]]
    more = f", and {len(below) - NAMED} more" if len(below) > NAMED else ""
    count = "1 process" if len(below) == 1 else f"{len(below)} processes"
    return Finding("children", Level.OK, f"{count} below it, to be looked at one by one: {', '.join(named)}{more}")


def _command(pid: int) -> str:
    return printable(shlex.join(command_of(pid)), COMMAND_LENGTH)
