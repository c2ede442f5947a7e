"""Whether the kernel lets gilprof read the process: tried, not guessed."""

from __future__ import annotations

from gilprof.doctor.finding import Finding, Level
from gilprof.target.memory import RemoteMemory
from gilprof.target.process import Process
from gilprof.target.seccomp import check_process_vm_readv


def permission(pid: int) -> Finding:
    """Raises PermissionRefused with the one thing to change, or NoSuchProcess."""
    with Process(pid) as process, RemoteMemory(pid):
        mapped = len(process.maps())
        check_process_vm_readv(pid)
    return Finding("permission", Level.OK, f"its memory ({mapped} mappings) can be read")
