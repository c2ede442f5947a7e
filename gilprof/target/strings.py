"""A ``str`` object of the target as Python text (Include/cpython/unicodeobject.h)."""

from __future__ import annotations

from gilprof.target.layout import Layout
from gilprof.target.memory import RemoteMemory
from gilprof.target.state import Implausible

MAX_LENGTH = 4_096
"""Code points of a name or path; longer ones are cut."""
_ENCODINGS = {1: "latin-1", 2: "utf-16-le", 4: "utf-32-le"}


def read_string(memory: RemoteMemory, address: int, layout: Layout) -> str:
    """The text of the compact ``str`` at ``address``.

    The caller has checked the object's type, or lives with ``Implausible`` and nonsense.
    """
    length = memory.u64(address + layout.unicode_length)
    state = memory.u32(address + layout.unicode_state) >> layout.unicode_kind_shift
    kind, compact, ascii_only = state & 7, state >> 3 & 1, state >> 4 & 1
    if kind not in _ENCODINGS or not compact or length > 1 << 32 or (ascii_only and kind != 1):
        raise Implausible("a string", f"kind {kind}, compact {compact}, ascii {ascii_only}, length {length}")
    data = layout.unicode_ascii_data if ascii_only else layout.unicode_compact_data
    text = memory.read(address + data, min(length, MAX_LENGTH) * kind)
    return text.decode("ascii" if ascii_only else _ENCODINGS[kind], "replace")
