"""The threads of a timeline as time-ordered formats show them: one track each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gilprof.exporters.narrowing import Narrowing
from gilprof.exporters.spool import RowArray
from gilprof.exporters.timeline import TimeOrdered
from gilprof.model import State, ThreadSeen
from gilprof.report.names import printable

_MADE_UP_TIDS = 1 << 23
"""Beyond the kernel's (proc(5), pid_max): for threads that have another one's tid, which the kernel uses again."""


@dataclass(frozen=True, slots=True)
class Track:
    """A thread; ``title`` and ``tid`` are no other track's."""

    number: int
    """Its id."""
    tid: int
    name: str
    """Printable."""
    title: str
    _timeline: TimeOrdered
    _states: tuple[int, ...]

    def slices(self) -> Iterator[RowArray]:
        """In the order of time, block by block, in the states that were asked for."""
        for block in self._timeline.slices(self.number):
            kept = block if len(self._states) == len(State) else block[np.isin(block["state"], self._states)]
            if len(kept):
                yield kept


def tracks(timeline: TimeOrdered, narrowing: Narrowing) -> list[Track]:
    """Those of threads that there is time of and that were asked for, in the order in which they were first seen."""
    states = tuple(int(state) for state in narrowing.states)
    seen = [thread for _, thread in sorted(timeline.threads.items()) if narrowing.wants(thread.name)]
    used: Counter[int] = Counter()
    out = []
    for thread in seen:
        used[thread.tid] += 1
        tid = thread.tid if used[thread.tid] == 1 else _MADE_UP_TIDS + thread.id
        track = Track(thread.id, tid, printable(thread.name), _title(thread, tid), timeline, states)
        if any(True for _ in track.slices()):
            out.append(track)
    return out


def _title(thread: ThreadSeen, tid: int) -> str:
    return f"{printable(thread.name)} (tid {tid})".strip()
