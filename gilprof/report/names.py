"""Names from the target as people may see them: nothing in them reaches a terminal as a command."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from gilprof.analysis.sums import kind_of, name_pattern
from gilprof.facts.user_code import inside_packages

NO_FRAME = "<no Python frame>"
GC = "<GC>"
UNREADABLE_STACK = "<unreadable stack>"
_NUMBERS = re.compile(r"[\W_]*[\d*]+(?:[\W_]+[\d*]+)*")
"""Numbers that only signs part, with the signs before them: the ``-0_2`` of ``pool-0_2``."""
_NAMED_BY_FOLDER = ("__init__.py", "__main__.py")


def printable(name: str, limit: int = 300) -> str:
    """``name`` with control characters, escapes, lone surrogates and direction marks written out; at most
    ``limit`` characters, the middle left out."""
    if len(name) > limit:
        head = limit // 2
        name = f"{name[:head]}…{name[len(name) - (limit - head - 1) :]}"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in name)


def base_name(file: str) -> str:
    """The last part of a path, and the folder too where it says more: ``ingest.py``, ``json/__init__.py``; of an
    installed package from its folder on: ``flask/app.py``, ``gunicorn/…/gthread.py``."""
    inside = inside_packages(file)
    parts = (file if inside is None else inside).rstrip("/").split("/")
    last = parts[-2:] if parts[-1] in _NAMED_BY_FOLDER else parts[-1:]
    above = [] if inside is None else parts[: -len(last)]
    return "/".join([*above[:1], *(["…"] if len(above) > 1 else []), *last]) or file


def location(name: str, file: str | None, line: int | None) -> str:
    """``Parser.feed (ingest.py:88)``; without a file the name alone."""
    if file is None:
        return printable(name)
    place = base_name(file) if line is None else f"{base_name(file)}:{line}"
    return printable(f"{name} ({place})")


def thread_name(name: str, width: int = 60) -> str:
    """A thread's name, printable, in at most ``width`` columns. The numbers that set it apart from others of its kind
    stay whole, what they have in common is cut at its end: ``ThreadPoolE…-0_2``, ``Thread-12 (proc…``."""
    name = printable(name)
    if cell_len(name) <= width:
        return name
    numbers = list(_NUMBERS.finditer(name))
    if width < 2 or not numbers or cell_len(name[: numbers[-1].end()]) < width:
        return _cut(name, width)
    last = numbers[-1]
    tails = (name[last.start() :], f"{last.group()}…" if last.end() < len(name) else last.group())
    for tail in tails:
        if cell_len(tail) + 2 <= width:
            return _cut(name[: last.start()], width - cell_len(tail)) + tail
    return f"…{last.group()[1 - width :]}"


def grouped_threads(names: Sequence[str]) -> list[str]:
    """Those of one kind together, in the order of the first of each: ``worker-*`` for ``worker-0`` and ``worker-1``."""
    kinds: dict[str, list[str]] = {}
    for name in names:
        kinds.setdefault(kind_of(name), []).append(name)
    return [
        thread_name(alike[0] if len(alike) == 1 else name_pattern(alike) or kind, 40) for kind, alike in kinds.items()
    ]


def threads_named(names: Sequence[str]) -> str:
    """``thread feeder``, ``threads a and b``, ``4 threads (worker-*)``."""
    if len(names) == 1:
        return f"thread {thread_name(names[0], 40)}"
    groups = grouped_threads(names)
    if len(groups) == 1:
        return f"{len(names)} threads ({groups[0]})"
    return f"threads {groups[0]} and {groups[1]}" if len(names) == 2 else f"{len(names)} threads"


def _cut(text: str, width: int) -> str:
    """At most ``width`` columns of ``text``, cut at its end."""
    return f"{set_cell_size(text, max(width - 1, 0)).rstrip()}…" if width > 0 else ""
