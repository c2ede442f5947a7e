"""The processes below a process, and how much CPU each has used (proc(5))."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

MAX_CHILDREN = 1000
"""Descendants that are looked at; a process may have any number."""
MAX_COMMAND = 200
"""Characters of a command line that are kept."""
_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class ChildStat:
    """One process, as its ``stat`` has it now."""

    pid: int
    parent: int
    start_ticks: int
    """With the pid, the process's identity."""
    cpu_ns: int
    """User and system time since it was started, in clock ticks of 10 ms."""


def descendants(pid: int) -> dict[int, ChildStat]:
    """The living processes below ``pid`` by PID, at most MAX_CHILDREN of them; empty where none can be seen."""
    children_of = _listed_children if (_PROC / str(pid) / "task" / str(pid) / "children").exists() else _by_parent()
    found: dict[int, ChildStat] = {}
    ahead = [pid]
    while ahead:
        for child in children_of(ahead.pop()):
            stat = read_stat(child)
            if stat is not None and child not in found and len(found) < MAX_CHILDREN:
                found[child] = stat
                ahead.append(child)
    return found


def read_stat(pid: int) -> ChildStat | None:
    """None for a process that has ended, a zombie too."""
    try:
        text = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    # The name before may hold anything.
    fields = text.rpartition(b")")[2].split()
    if fields[0] in (b"Z", b"X", b"x"):
        return None
    return ChildStat(pid, int(fields[1]), int(fields[19]), (int(fields[11]) + int(fields[12])) * _TICK_NS)


def command_of(pid: int) -> tuple[str, ...]:
    """A process's arguments, the first MAX_COMMAND characters of them; empty where they cannot be read."""
    try:
        with (_PROC / str(pid) / "cmdline").open("rb") as stream:
            words = stream.read(MAX_COMMAND).rstrip(b"\0")
    except OSError:
        return ()
    return tuple(os.fsdecode(word) for word in words.split(b"\0"))


def seems_python(pid: int) -> bool:
    """Whether its program is called python, or has libpython in it: enough to say so, not to read it."""
    folder = _PROC / str(pid)
    try:
        if "python" in (folder / "exe").readlink().name:
            return True
        return b"/libpython" in (folder / "maps").read_bytes()
    except OSError:
        return False


def _listed_children(pid: int) -> list[int]:
    """As the kernel lists them by the thread that made them."""
    found: list[int] = []
    try:
        for task in (_PROC / str(pid) / "task").iterdir():
            found += map(int, (task / "children").read_bytes().split())
    except OSError:
        return found  # it, or that thread, has ended
    return found


def _by_parent() -> Callable[[int], list[int]]:
    """Of a kernel without these lists (CONFIG_PROC_CHILDREN): every process is asked for its parent."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for entry in _PROC.iterdir():
        stat = read_stat(int(entry.name)) if entry.name.isdecimal() else None
        if stat is not None:
            children[stat.parent].append(stat.pid)
    listed: Mapping[int, list[int]] = children
    return lambda pid: listed.get(pid, [])
