"""The names of the target's threads, as its ``threading`` module knows them now."""

from __future__ import annotations

import os
from typing import NamedTuple

from gilprof.errors import NoSuchProcess
from gilprof.target.heap import Heap
from gilprof.target.memory import MemoryUnreadable, RemoteMemory
from gilprof.target.resolve import ResolvedTarget
from gilprof.target.state import Implausible

KERNEL_NAME_BYTES = 15
"""PR_SET_NAME in prctl(2): 16 with the zero at the end."""


class Named(NamedTuple):
    """A thread's name, and whose it is: a thread that ends leaves its ident to the next one."""

    name: str
    native_id: int
    """The tid; in a forked process the main thread may have that of the thread that forked."""

    @property
    def kernel_name(self) -> str:
        """As the kernel has it where Python tells it (from 3.14 on): cut to KERNEL_NAME_BYTES."""
        return os.fsdecode(self.name.encode(errors="surrogatepass")[:KERNEL_NAME_BYTES])


def thread_names(memory: RemoteMemory, target: ResolvedTarget) -> dict[int, Named]:
    """Names by ``threading.get_ident()``; missing: what cannot be read, and threads that it does not know.

    Follows ``sys.modules["threading"]._active``, which has ident -> Thread, to ``Thread._name`` and
    ``Thread._native_id`` (Lib/threading.py, 3.11 to 3.15). The target runs on meanwhile: a name that changes
    while it is read may be missing once.
    """
    heap = Heap(memory, target.layout, target.objects)
    names: dict[int, Named] = {}
    try:
        module = heap.module("threading")
        active = heap.dict_value(module, "_active") if module else None
        if active:
            for ident, thread in heap.dict_by_hash(active):
                named = _named(heap, thread)
                if named is not None:
                    names[ident] = named
    except (Implausible, MemoryUnreadable, NoSuchProcess):
        return names  # those that were read are right
    return names


def _named(heap: Heap, thread: int) -> Named | None:
    """What one Thread says of itself."""
    try:
        name, native_id = heap.attribute(thread, "_name"), heap.attribute(thread, "_native_id")
        return Named(heap.text(name), heap.low_digit(native_id)) if name and native_id else None
    except (Implausible, MemoryUnreadable):
        return None
