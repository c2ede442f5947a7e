"""Whether the kernel lets gilprof read the process: tried, not guessed."""

from __future__ import annotations

from gilprof.doctor.finding import Finding, Level
from gilprof.target.memory import RemoteMemory
from gilprof.target.process import Process


def permission(pid: int) -> Finding:
    """Raises PermissionRefused with the one thing to change, or NoSuchProcess."""
    with Process(pid) as process, RemoteMemory(pid):
        mapped = len(process.maps())
    return Finding("permission", Level.OK, f"its memory ({mapped} mappings) can be read")
