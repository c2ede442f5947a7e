"""Where the target's standard library is: asked of the modules that it has imported."""

from __future__ import annotations

from pathlib import PurePosixPath

from gilprof.target.heap import Heap
from gilprof.target.layout import Layout
from gilprof.target.memory import MemoryUnreadable, RemoteMemory
from gilprof.target.objects import ObjectLayout
from gilprof.target.state import Implausible

MODULES = (("encodings", 2), ("os", 1))
"""Modules that every interpreter imports at its start, and how far above their file the library is."""


def stdlib_folders(memory: RemoteMemory, layout: Layout, objects: ObjectLayout) -> tuple[str, ...]:
    """Folders of the standard library as the target names them; empty where it cannot be told."""
    heap = Heap(memory, layout, objects)
    for name, levels in MODULES:
        try:
            module = heap.module(name)
            file = heap.dict_value(module, "__file__") if module else None
            path = PurePosixPath(heap.text(file)) if file else None
        except (Implausible, MemoryUnreadable):
            continue
        if path is not None and len(path.parents) > levels:
            return (str(path.parents[levels - 1]),)
    return ()
