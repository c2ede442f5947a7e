"""Where the target's standard library is: asked of the modules that it has imported."""

from __future__ import annotations

from pathlib import PurePosixPath

from gilprof.target.heap import Heap
from gilprof.target.layout import Layout
from gilprof.target.memory import MemoryUnreadable, RemoteMemory
from gilprof.target.objects import ObjectLayout
from gilprof.target.state import Implausible

MODULES = {"encodings": ("encodings", "__init__"), "os": ("os",)}
"""Modules that every interpreter imports at its start, and where their files lie in the library, without endings."""
_ENDINGS = {".py", ".pyc"}


def stdlib_folders(memory: RemoteMemory, layout: Layout, objects: ObjectLayout) -> tuple[str, ...]:
    """Folders of the standard library as the target names them; empty where it cannot be told.

    The target runs on meanwhile, and mostly is about to import these modules: a path that is not of the module's own
    file was put together from two moments.
    """
    heap = Heap(memory, layout, objects)
    for name, parts in MODULES.items():
        try:
            module = heap.module(name)
            file = heap.dict_value(module, "__file__") if module else None
            path = PurePosixPath(heap.text(file)) if file else None
        except (Implausible, MemoryUnreadable):
            continue
        if path is None or path.suffix not in _ENDINGS:
            continue
        if path.with_suffix("").parts[-len(parts) :] == parts:
            return (str(path.parents[len(parts) - 1]),)
    return ()
