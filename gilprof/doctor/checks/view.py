"""What a profile of the process would show, and what not."""

from __future__ import annotations

import psutil

from gilprof.doctor.finding import Finding, Level
from gilprof.errors import NoSuchProcess

SEEN = "each thread's state, stack and lines, who waits for whom"


def view(pid: int) -> Finding:
    """Child processes are processes of their own: counted, not looked into. Raises NoSuchProcess."""
    try:
        count = len(psutil.Process(pid).children())
    except psutil.NoSuchProcess as error:
        raise NoSuchProcess(f"looking at process {pid}", "it ended meanwhile", "check the PID") from error
    children = {0: "", 1: ", not its child process"}.get(count, f", not its {count} child processes")
    return Finding("view", Level.OK, f"{SEEN}; not C functions{children}")
