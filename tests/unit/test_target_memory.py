"""Reading memory: exact, bounded, and honest about what is not there. Read here: the test's own process."""

from __future__ import annotations

import ctypes
import mmap
import os
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gilprof.target.memory import MAX_READ, MemoryUnreadable, RemoteMemory


@pytest.fixture(scope="module")
def memory() -> Iterator[RemoteMemory]:
    with RemoteMemory(os.getpid()) as memory:
        yield memory


def address_of(buffer: ctypes.Array[ctypes.c_char]) -> int:
    return ctypes.addressof(buffer)


@given(data=st.binary(min_size=1, max_size=9000))
def test_reads_what_is_there(memory: RemoteMemory, data: bytes) -> None:
    buffer = ctypes.create_string_buffer(data, len(data))
    assert memory.read(address_of(buffer), len(data)) == data


def test_numbers(memory: RemoteMemory) -> None:
    data = struct.pack("<QIiB", 2**64 - 2, 2**32 - 3, -4, 255)
    address = address_of(buffer := ctypes.create_string_buffer(data, len(data)))
    assert len(buffer) == 17
    assert memory.u64(address) == 2**64 - 2
    assert memory.u32(address + 8) == 2**32 - 3
    assert memory.i32(address + 12) == -4
    assert memory.u8(address + 16) == 255


@given(text=st.binary(max_size=5000).map(lambda data: data.replace(b"\0", b"x")), limit=st.integers(1, 6000))
def test_strings_end_at_zero_or_at_the_limit(memory: RemoteMemory, text: bytes, limit: int) -> None:
    buffer = ctypes.create_string_buffer(text)
    assert memory.cstring(address_of(buffer), limit) == text[:limit]


def test_a_string_at_the_end_of_its_mapping(memory: RemoteMemory) -> None:
    """The page behind must not be asked for: it cannot be read."""
    libc = ctypes.CDLL(None)
    libc.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    with mmap.mmap(-1, 2 * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE) as pages:
        pages[mmap.PAGESIZE - 4 : mmap.PAGESIZE] = b"end\0"
        view = ctypes.c_char.from_buffer(pages)
        border = ctypes.addressof(view) + mmap.PAGESIZE
        libc.mprotect(border, mmap.PAGESIZE, 0)
        assert memory.cstring(border - 4) == b"end"
        assert memory.read(border - 4, 4) == b"end\0"
        del view


@pytest.mark.parametrize("address", [0, -8, 8, 1 << 47, (1 << 64) - 8, 0x7FFF_FFFF_F000])
def test_no_address(memory: RemoteMemory, address: int) -> None:
    with pytest.raises(MemoryUnreadable):
        memory.read(address, 8)


def test_no_size(memory: RemoteMemory) -> None:
    address = address_of(ctypes.create_string_buffer(8))
    for size in (-1, MAX_READ + 1):
        with pytest.raises(MemoryUnreadable):
            memory.read(address, size)


def test_a_living_process_is_not_gone(memory: RemoteMemory) -> None:
    assert not memory.is_gone()
