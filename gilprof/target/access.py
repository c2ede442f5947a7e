"""Why the kernel refuses to let a process be read, and the one thing to change (ptrace(2), proc(5))."""

from __future__ import annotations

from pathlib import Path

from gilprof.errors import PermissionRefused
from gilprof.target.container import ReadText, container

PTRACE_SCOPE = Path("/proc/sys/kernel/yama/ptrace_scope")
CAP_SYS_PTRACE = 19
"""Bit of the capability sets in /proc/PID/status (linux/capability.h)."""
ADD_CAPABILITY = "start the container with '--cap-add=SYS_PTRACE'"
NOBODY_MAY = 3
"""The ``ptrace_scope`` that cannot be lowered again."""


def refusal(pid: int, error: OSError, read_text: ReadText = Path.read_text) -> PermissionRefused:
    """The error to raise when reading process ``pid`` was refused with ``error``."""
    answered = f"the system refused ({error.strerror or error})"
    return PermissionRefused(f"reading process {pid}", answered, next_step(pid, read_text))


def next_step(pid: int, read_text: ReadText = Path.read_text) -> str:
    """The one thing that would let this user read process ``pid``."""
    own, target = _status("self", read_text), _status(str(pid), read_text)
    own_uids, target_uids = own.get("Uid", "").split()[:3], target.get("Uid", "").split()[:3]
    if has_ptrace_capability(own):
        return "another security module or user namespace forbids it: run gilprof where the process runs"
    inside = bool(container(read_text))
    if target_uids and target_uids[0] not in own_uids:
        other = ADD_CAPABILITY if inside else "run it with sudo"
        return f"it belongs to another user (uid {target_uids[0]}): run gilprof as that user, or {other}"
    scope = ptrace_scope(read_text)
    if scope:
        return f"kernel.yama.ptrace_scope is {scope}: {scope_remedy(scope, inside)}"
    if len(set(target_uids)) > 1:
        return "the process changes users (setuid): run gilprof with sudo"
    return ADD_CAPABILITY if inside else "run gilprof with sudo"


def scope_remedy(scope: int, in_container: bool) -> str:
    """What lets gilprof attach where Yama's ``ptrace_scope`` (1 to 3) forbids it."""
    if scope >= NOBODY_MAY:
        return "nobody may, and it can only be changed by a reboot"
    if in_container:
        return ADD_CAPABILITY
    return "sudo sysctl kernel.yama.ptrace_scope=0" if scope == 1 else "run gilprof with sudo"


def ptrace_scope(read_text: ReadText = Path.read_text) -> int | None:
    """Yama's ``ptrace_scope`` (0 to 3), None where the kernel does not have it."""
    try:
        return int(read_text(PTRACE_SCOPE))
    except (OSError, ValueError):
        return None


def can_trace_any(read_text: ReadText = Path.read_text) -> bool:
    """Whether gilprof has CAP_SYS_PTRACE."""
    return has_ptrace_capability(_status("self", read_text))


def has_ptrace_capability(status: dict[str, str]) -> bool:
    """Whether a process with this /proc/PID/status has CAP_SYS_PTRACE in effect."""
    try:
        return bool(int(status.get("CapEff", "0"), 16) >> CAP_SYS_PTRACE & 1)
    except ValueError:
        return False


def _status(pid: str, read_text: ReadText) -> dict[str, str]:
    """The fields of /proc/PID/status; empty if it cannot be read."""
    try:
        text = read_text(Path("/proc") / pid / "status")
    except OSError:
        return {}
    pairs = (line.partition(":") for line in text.splitlines())
    return {name: value.strip() for name, _, value in pairs}
