"""System calls that gilprof cannot do without and a container may forbid (seccomp(2)): asked for, not guessed."""

from __future__ import annotations

import ctypes
import os

from gilprof.errors import PermissionRefused

REMEDY = (
    "a seccomp filter forbids it: start the container with '--cap-add=SYS_PTRACE', "
    "or with '--security-opt seccomp=unconfined'"
)


def check_process_vm_readv(pid: int) -> None:
    """Raises PermissionRefused where the call itself is refused, whatever the process."""
    libc = ctypes.CDLL(None, use_errno=True)
    nothing = ctypes.c_ulong(0)  # reading nothing always succeeds: the kernel does not even look at the pid
    if libc.process_vm_readv(ctypes.c_int(pid), None, nothing, None, nothing, nothing) != 0:
        raise call_refused(pid, "process_vm_readv", ctypes.get_errno())


def call_refused(pid: int, call: str, number: int) -> PermissionRefused:
    """The error for a system call that was answered with the errno ``number``."""
    return PermissionRefused(f"reading process {pid}", f"the system refused {call} ({os.strerror(number)})", REMEDY)
