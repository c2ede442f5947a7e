"""What the processes below the target use of the CPUs, now and then: the target may only wait for them."""

from __future__ import annotations

import time
from dataclasses import replace

from gilprof.model import ChildSeen
from gilprof.target.children import ChildStat, command_of, descendants, seems_python

CHILDREN_EVERY_S = 0.25
CHILDREN_SHARE = 0.005
"""Of the time, for looking at them: of a process with thousands of threads that takes some tens of milliseconds."""


class Children:
    """Tells children as they are first seen, whenever they have used more CPU, and when they are gone."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._seen: dict[tuple[int, int], ChildSeen] = {}
        """By PID and start time."""
        self._before: dict[tuple[int, int], int] = {}
        """CPU time that those used which were there before the observation."""
        self._next_id = 0
        self._due_at = 0.0
        self._first = True

    def look(self, now: bool = False) -> tuple[ChildSeen, ...]:
        """What is new since the last look; nothing where it is too early for another one, unless ``now``."""
        began = time.monotonic()
        if not now and began < self._due_at:
            return ()
        t_ns, found = time.monotonic_ns(), descendants(self._pid)
        told = [told for stat in found.values() if (told := self._told(stat, t_ns)) is not None]
        here = {(stat.pid, stat.start_ticks) for stat in found.values()}
        for key in [key for key in self._seen if key not in here]:
            last = self._seen.pop(key)
            self._before.pop(key, None)
            told.append(replace(last, t_ns=t_ns, ended=True))
        self._first = False
        ended = time.monotonic()
        self._due_at = max(began + CHILDREN_EVERY_S, ended + (ended - began) / CHILDREN_SHARE)
        return tuple(told)

    def _told(self, stat: ChildStat, t_ns: int) -> ChildSeen | None:
        """The child if it is new, or has used more than was told."""
        key = (stat.pid, stat.start_ticks)
        last = self._seen.get(key)
        if last is None:
            if self._first:
                self._before[key] = stat.cpu_ns
            last = ChildSeen(self._next_id, stat.pid, stat.parent, (), False, 0, 0)
            self._next_id += 1
        cpu_ns = max(stat.cpu_ns - self._before.get(key, 0), 0)
        if last.t_ns and cpu_ns == last.cpu_ns:
            return None
        # Read again each time: what was forked may have become another program.
        command, python = command_of(stat.pid) or last.command, last.python or seems_python(stat.pid)
        self._seen[key] = replace(last, command=command, python=python, t_ns=t_ns, cpu_ns=cpu_ns)
        return self._seen[key]
