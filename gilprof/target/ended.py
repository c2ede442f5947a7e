"""How a process ended, asked of somebody who is not its parent."""

from __future__ import annotations

import fcntl
import select
import struct
from pathlib import Path

PIDFD_GET_INFO = 0xC040FF0B
"""``_IOWR(0xFF, 11, struct pidfd_info)`` with the 64 bytes of its first version (Linux 6.13,
include/uapi/linux/pidfd.h)."""
PIDFD_INFO_EXIT = 1 << 3
"""Bit of ``mask``: ``exit_code`` is there (Linux 6.15), once the process was reaped."""
_INFO = struct.Struct("<QQ11Ii")
"""mask, cgroupid, pid, tgid, ppid, eight user and group ids, exit_code."""
_ZOMBIE_STATES = ("Z", "X", "x")
_EXIT_CODE = 49
"""``exit_code`` counted from the state in /proc/PID/stat (field 52, proc(5))."""


def has_ended(pidfd: int, wait_ms: int = 0) -> bool:
    """Whether the process has ended: a pidfd is readable from then on."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(wait_ms))


def exit_reason(pidfd: int, folder: Path) -> str:
    """``exit``, ``signal N`` or ``gone`` for a process that has ended; ``folder`` is its /proc/PID."""
    status = _status_of_reaped(pidfd)
    if status is None:
        status = _status_of_zombie(folder)
    if status is None:  # reaped between the two
        status = _status_of_reaped(pidfd)
    if status is None:
        return "gone"
    signal = status & 0x7F
    return f"signal {signal}" if signal else "exit"


def _status_of_reaped(pidfd: int) -> int | None:
    """The wait status that the kernel keeps with the pidfd; None where it does not (Linux before 6.15)."""
    request = _INFO.pack(PIDFD_INFO_EXIT, *[0] * 13)
    try:
        answer = fcntl.ioctl(pidfd, PIDFD_GET_INFO, request)
    except OSError:
        return None
    fields = _INFO.unpack(answer)
    return int(fields[-1]) if fields[0] & PIDFD_INFO_EXIT else None


def _status_of_zombie(folder: Path) -> int | None:
    """The wait status of a process that nobody has waited for; None once it was reaped, or is hidden."""
    try:
        fields = (folder / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    if fields[0].decode() not in _ZOMBIE_STATES or len(fields) <= _EXIT_CODE:
        return None
    return int(fields[_EXIT_CODE])
