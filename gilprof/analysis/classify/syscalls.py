"""What a blocked thread is blocked in, from its system call's number."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gilprof.errors import NotReadable
from gilprof.model import SYSCALL_OUTSIDE, BlockedIn

_SIZE = 1024

# Numbers: Linux, arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
_X86_64: dict[BlockedIn, tuple[int, ...]] = {
    # futex, futex_waitv, futex_wait
    BlockedIn.LOCK: (202, 449, 455),
    # poll, select, accept, epoll_wait, pselect6, ppoll, epoll_pwait, accept4, epoll_pwait2
    BlockedIn.POLL: (7, 23, 43, 232, 270, 271, 281, 288, 441),
    # wait4, waitid
    BlockedIn.CHILD: (61, 247),
    # nanosleep, clock_nanosleep
    BlockedIn.SLEEP: (35, 230),
    # read, write, open, stat family, pread64, pwrite64, readv, writev, sendfile, connect, sendto, recvfrom,
    # sendmsg, recvmsg, fsync, fdatasync, truncate, getdents, rename to unlink, sync, openat to fstatat64,
    # fallocate, splice, tee, sync_file_range, vmsplice, preadv, pwritev, recvmmsg, syncfs, sendmmsg,
    # copy_file_range, preadv2, pwritev2, io_uring_enter, openat2
    BlockedIn.IO: (
        *(0, 1, 2, 4, 5, 6, 17, 18, 19, 20, 40, 42, 44, 45, 46, 47, 74, 75, 76, 77, 78, 82, 83, 84, 87, 162),
        *(217, 257, 258, 262, 263, 275, 276, 277, 278, 285, 295, 296, 299, 306, 307, 326, 327, 328, 426, 437),
    ),
}
_AARCH64: dict[BlockedIn, tuple[int, ...]] = {
    BlockedIn.LOCK: (98, 449, 455),
    BlockedIn.POLL: (22, 72, 73, 202, 242, 441),
    BlockedIn.CHILD: (95, 260),
    BlockedIn.SLEEP: (101, 115),
    BlockedIn.IO: (
        *(35, 38, 45, 46, 47, 56, 61, 63, 64, 65, 66, 67, 68, 69, 70, 71, 75, 76, 77, 79, 80, 81, 82, 83, 84),
        *(203, 206, 207, 211, 212, 243, 267, 269, 285, 286, 287, 426, 437),
    ),
}
_BY_MACHINE = {"x86_64": _X86_64, "aarch64": _AARCH64}


def blocked_in_table(machine: str) -> npt.NDArray[np.uint8]:
    """BlockedIn by system call number + 1, so that ``SYSCALL_OUTSIDE`` is index 0; (1025,) uint8.

    ``machine`` as ``uname -m``. Raises NotReadable for one whose numbers are not known.
    """
    calls = _BY_MACHINE.get(machine)
    if calls is None:
        raise NotReadable("reading system calls", f"the numbers of {machine} are not known")
    table = np.full(_SIZE + 1, BlockedIn.OTHER, np.uint8)
    table[SYSCALL_OUTSIDE + 1] = BlockedIn.PAGE
    for where, numbers in calls.items():
        table[np.array(numbers) + 1] = where
    return table


def blocked_in(syscalls: npt.NDArray[np.int16], table: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """BlockedIn of each system call number (``SYSCALL_OUTSIDE`` or above)."""
    out: npt.NDArray[np.uint8] = table[np.clip(syscalls, SYSCALL_OUTSIDE, _SIZE - 1).astype(np.intp) + 1]
    return out
