"""The memory of another process, read through a kept descriptor of /proc/PID/mem (proc(5))."""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path
from types import TracebackType

from gilprof.errors import NoSuchProcess
from gilprof.target.access import refusal

MAX_ADDRESS = 1 << 47
"""User space of x86-64 ends here; greater addresses are not worth asking for."""
PAGE = 4096
MAX_READ = 1 << 20
"""Bytes of one read: nothing that gilprof looks at in Python is larger."""

_I32 = struct.Struct("<i")
_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")


class MemoryUnreadable(Exception):
    """Nothing is mapped at the address, or it is no address; internal to ``gilprof.target``."""

    def __init__(self, address: int, size: int) -> None:
        self.address = address
        self.size = size
        super().__init__(f"{size} bytes at {address:#x} cannot be read")


class RemoteMemory:
    """Reads the address space that process ``pid`` had when this was made.

    The descriptor stays with that address space: after an exec it reads nothing, never the new program.
    Raises ``NoSuchProcess``, ``PermissionRefused`` or ``MemoryUnreadable``.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        try:
            self._descriptor = os.open(Path("/proc") / str(pid) / "mem", os.O_RDONLY | os.O_CLOEXEC)
        except PermissionError as error:
            raise refusal(pid, error) from error
        except (FileNotFoundError, ProcessLookupError) as error:
            raise gone(pid) from error

    def read(self, address: int, size: int) -> bytes:
        """Exactly ``size`` bytes at ``address``."""
        if not 0 < address <= MAX_ADDRESS - MAX_READ or not 0 <= size <= MAX_READ:
            raise MemoryUnreadable(address, size)
        try:
            data = os.pread(self._descriptor, size, address)
        except PermissionError as error:
            raise refusal(self.pid, error) from error
        except ProcessLookupError as error:
            raise gone(self.pid) from error
        except OSError as error:
            if error.errno in (errno.EIO, errno.EFAULT):
                raise MemoryUnreadable(address, size) from error
            raise
        if size and not data:
            raise gone(self.pid)
        if len(data) != size:
            raise MemoryUnreadable(address, size)
        return data

    def u8(self, address: int) -> int:
        """Unsigned byte at ``address``."""
        return self.read(address, 1)[0]

    def i32(self, address: int) -> int:
        """C ``int`` at ``address``."""
        return int(_I32.unpack(self.read(address, 4))[0])

    def u32(self, address: int) -> int:
        """C ``unsigned int`` at ``address``."""
        return int(_U32.unpack(self.read(address, 4))[0])

    def u64(self, address: int) -> int:
        """Pointer or C ``unsigned long`` at ``address``."""
        return int(_U64.unpack(self.read(address, 8))[0])

    def cstring(self, address: int, limit: int = 256) -> bytes:
        """The bytes up to the terminating zero, or the first ``limit`` of them."""
        found = bytearray()
        while len(found) < limit:
            # Never across a page border at once: the next page may not be there.
            piece = self.read(address + len(found), min(limit - len(found), PAGE - (address + len(found)) % PAGE))
            end = piece.find(0)
            if end >= 0:
                return bytes(found + piece[:end])
            found += piece
        return bytes(found)

    def is_gone(self) -> bool:
        """Whether this address space is no more: the process ended, or another program was exec'ed in it.

        The kernel answers a read from a dead address space with nothing, and from an unmapped
        address with an error (Linux fs/proc/base.c, mem_rw).
        """
        try:
            return os.pread(self._descriptor, 1, PAGE) == b""
        except ProcessLookupError:
            return True
        except OSError:
            return False

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._descriptor)

    def __enter__(self) -> RemoteMemory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def gone(pid: int) -> NoSuchProcess:
    """The error for a process that is not, or no longer, there."""
    return NoSuchProcess(f"looking at process {pid}", "there is no such process (any more)", "check the PID")
