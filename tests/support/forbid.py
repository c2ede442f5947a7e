"""``python forbid.py CALL COMMAND...``: executes COMMAND with one system call forbidden, as a container may."""

from __future__ import annotations

import ctypes
import os
import struct
import sys

CALLS = {"process_vm_readv": 310, "pidfd_open": 434}
"""Numbers of x86-64."""
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
"""Instructions of the classic BPF, on 32-bit words (linux/bpf_common.h)."""
ALLOW, EPERM = 0x7FFF0000, 0x00050001


class Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def forbid(number: int) -> None:
    """From now on, here and in what is executed here, the call fails with EPERM."""
    code = [(LOAD, 0, 0, 0), (JUMP_IF_EQUAL, 0, 1, number), (RETURN, 0, 0, EPERM), (RETURN, 0, 0, ALLOW)]
    program = Program(len(code), b"".join(struct.pack("=HBBI", *instruction) for instruction in code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0
    ):
        raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    forbid(CALLS[sys.argv[1]])
    os.execvp(sys.argv[2], sys.argv[2:])
