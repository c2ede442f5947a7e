"""The names of the target's threads, as its ``threading`` module knows them now."""

from __future__ import annotations

from gilprof.errors import NoSuchProcess
from gilprof.target.heap import Heap
from gilprof.target.memory import MemoryUnreadable, RemoteMemory
from gilprof.target.resolve import ResolvedTarget
from gilprof.target.state import Implausible


def thread_names(memory: RemoteMemory, target: ResolvedTarget) -> dict[int, str]:
    """Names by ``threading.get_ident()``; missing: what cannot be read, and threads that it does not know.

    Follows ``sys.modules["threading"]._active``, which has ident -> Thread, to ``Thread._name``
    (Lib/threading.py, 3.11 to 3.15). The target runs on meanwhile: a name that changes while it is read
    may be missing once.
    """
    heap = Heap(memory, target.layout, target.objects)
    names: dict[int, str] = {}
    try:
        module = heap.module("threading")
        active = heap.dict_value(module, "_active") if module else None
        if active:
            for ident, thread in heap.dict_by_hash(active):
                name = _name(heap, thread)
                if name is not None:
                    names[ident] = name
    except (Implausible, MemoryUnreadable, NoSuchProcess):
        return names  # those that were read are right
    return names


def _name(heap: Heap, thread: int) -> str | None:
    """One thread's name."""
    try:
        address = heap.attribute(thread, "_name")
        return heap.text(address) if address else None
    except (Implausible, MemoryUnreadable):
        return None
