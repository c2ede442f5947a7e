"""What a profile of the process would show, and what not."""

from __future__ import annotations

from gilprof.doctor.finding import Finding, Level

SEEN = "each thread's state, stack and lines, who waits for whom"


def view(pid: int) -> Finding:
    """The same for every process."""
    return Finding("view", Level.OK, f"{SEEN}; not C functions, not other processes")
