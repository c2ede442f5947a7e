"""Names from the target as people may see them: nothing in them reaches a terminal as a command."""

from __future__ import annotations

from collections.abc import Sequence

from gilprof.analysis.thread_rows import name_pattern

NO_FRAME = "<no Python frame>"
GC = "<GC>"
UNREADABLE_STACK = "<unreadable stack>"
_NAMED_BY_FOLDER = ("__init__.py", "__main__.py")


def printable(name: str, limit: int = 300) -> str:
    """``name`` with control characters, escapes, lone surrogates and direction marks written out; at most
    ``limit`` characters, the middle left out."""
    if len(name) > limit:
        head = limit // 2
        name = f"{name[:head]}…{name[len(name) - (limit - head - 1) :]}"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in name)


def base_name(file: str) -> str:
    """The last part of a path, and the folder too where it says more: ``ingest.py``, ``json/__init__.py``."""
    parts = file.rstrip("/").split("/")
    return "/".join(parts[-2:] if parts[-1] in _NAMED_BY_FOLDER else parts[-1:]) or file


def location(name: str, file: str | None, line: int | None) -> str:
    """``Parser.feed (ingest.py:88)``; without a file the name alone."""
    if file is None:
        return printable(name)
    place = base_name(file) if line is None else f"{base_name(file)}:{line}"
    return printable(f"{name} ({place})")


def threads_named(names: Sequence[str]) -> str:
    """``thread feeder``, ``threads a and b``, ``4 threads (worker-*)``."""
    if len(names) == 1:
        return f"thread {printable(names[0], 40)}"
    patterns = sorted({name_pattern(name) for name in names})
    if len(patterns) == 1:
        return f"{len(names)} threads ({printable(patterns[0], 40)})"
    if len(names) == 2:
        return f"threads {printable(names[0], 40)} and {printable(names[1], 40)}"
    return f"{len(names)} threads"
