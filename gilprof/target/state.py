"""What the interpreter has now: interpreters, thread states, the GIL; bounded, and trusting nothing."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from gilprof.target.layout import Layout
from gilprof.target.memory import RemoteMemory

MAX_INTERPRETERS = 1_000
MAX_THREADS = 100_000


class Implausible(Exception):
    """What was read cannot be so: the layout does not fit, or it changed while it was read."""

    def __init__(self, check: str, found: str) -> None:
        self.check = check
        self.found = found
        super().__init__(f"{check}: {found}")


@dataclass(frozen=True, slots=True)
class ThreadState:
    """A ``PyThreadState``."""

    address: int
    id: int
    ident: int
    """``pthread_t``."""
    tid: int
    """The kernel's."""
    frame: int
    """Address of the frame pointer's place: see ``Layout.thread_frame``."""


@dataclass(frozen=True, slots=True)
class Gil:
    """The GIL's struct, less its locks."""

    interval_us: int
    last_holder: int
    locked: int
    switch_number: int


def walk_list(memory: RemoteMemory, head: int, next_offset: int, limit: int, what: str) -> list[int]:
    """Addresses along a linked list."""
    found: dict[int, None] = {}
    address = head
    while address:
        if address in found:
            raise Implausible(what, f"the list comes back to {address:#x}")
        if len(found) >= limit:
            raise Implausible(what, f"more than {limit}")
        found[address] = None
        address = memory.u64(address + next_offset)
    return list(found)


def interpreters(memory: RemoteMemory, head_address: int, next_offset: int) -> list[int]:
    """Addresses of the interpreter states, the newest first; ``head_address`` has the pointer to it."""
    return walk_list(memory, memory.u64(head_address), next_offset, MAX_INTERPRETERS, "the list of interpreters")


def thread_states(memory: RemoteMemory, layout: Layout) -> list[ThreadState]:
    """The interpreter's threads, the newest first."""
    head = memory.u64(layout.interpreter_address + layout.interpreter_threads_head)
    addresses = walk_list(memory, head, layout.thread_next, MAX_THREADS, "the list of threads")
    offsets = (layout.thread_id, layout.thread_ident, layout.thread_native_id, layout.thread_frame)
    return [ThreadState(address, *(memory.u64(address + offset) for offset in offsets)) for address in addresses]


def read_gil(memory: RemoteMemory, layout: Layout, interval_offset: int) -> Gil:
    """The GIL in one reading, so that its fields belong together."""
    data = memory.read(layout.gil_address, layout.gil_size)
    return Gil(
        interval_us=struct.unpack_from("<Q", data, interval_offset)[0],
        last_holder=struct.unpack_from("<Q", data, layout.gil_last_holder)[0],
        locked=struct.unpack_from("<i", data, layout.gil_locked)[0],
        switch_number=struct.unpack_from("<Q", data, layout.gil_switch_number)[0],
    )
