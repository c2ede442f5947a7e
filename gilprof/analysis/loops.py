"""Event loops: how long their threads stay in callbacks, and why.

A thread whose stack has a loop's own function on it is a loop. The looks at which nothing but the loop's code stands
above that are the loop's; at the others it is in a callback, named by the outermost function above. A stay in callbacks
of one function without a look at the loop itself, or at another callback, between them is one episode: short callbacks
of one function that follow one another at once may look like a long one. A loop that is back from its poll and waits
for the GIL is held up as well: such a wait is an episode of its own.

Known by their frames: asyncio's own loop (Lib/asyncio/base_events.py, ``BaseEventLoop._run_once``); loops without
frames of their own that ``asyncio.Runner`` runs, such as uvloop; gevent's hub (gevent/hub.py, ``Hub.run``), whose
greenlets have stacks of their own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from gilprof.analysis.definitions import Definitions
from gilprof.analysis.episode_rows import Bools, Rows
from gilprof.analysis.stack_marks import StackMarks
from gilprof.analysis.stay_sums import StayTable
from gilprof.analysis.stays import CARRIED, OUTSIDE, FramesOf, Stay, Stays
from gilprof.analysis.sums import HeldUp, LoopSums
from gilprof.analysis.verdicts import Verdicts
from gilprof.model import NONE, Function, State

HELD_UP_NS = 50_000_000
"""A callback that stays longer has held the loop up."""
GROUPS = 100
"""Causes that are counted one by one; the rest is counted as one."""
THREADS = 1000
"""Loops that are kept one by one."""


_BACK_FROM_THE_POLL = 1 << 40
"""As the key of a stay: larger than any function's number."""


class LoopKind(IntEnum):
    """As marks of stacks that have nothing but this loop's code on top."""

    ASYNCIO = -10
    RUNNER = -11
    GEVENT = -12


_LOOPS = {
    ("/asyncio/base_events.py", "BaseEventLoop._run_once"): LoopKind.ASYNCIO,
    ("/asyncio/runners.py", "Runner.run"): LoopKind.RUNNER,
    ("/gevent/hub.py", "Hub.run"): LoopKind.GEVENT,
}
_LOOPS_CODE = ("/asyncio/", "/uvloop/", "/gevent/")
_SELECTORS = "/selectors.py"


@dataclass(slots=True)
class _Loop:
    kind: LoopKind
    table: StayTable
    held_up: Counter[HeldUp] = field(default_factory=Counter)


class Loops:
    """Follows the event loops of all threads."""

    def __init__(
        self, definitions: Definitions, frames_of: FramesOf, mean_gap_ns: float, held_up_ns: int = HELD_UP_NS
    ) -> None:
        self._definitions = definitions
        self._mean_gap_ns = mean_gap_ns
        self._held_up_ns = held_up_ns
        self._marks = StackMarks(definitions, _step, OUTSIDE)
        self._outermost = StackMarks(definitions, _first, OUTSIDE)
        self._stays = Stays(frames_of)
        self._loops: dict[int, _Loop] = {}
        """By thread row."""

    def take(self, verdicts: Verdicts) -> None:
        """The next looks."""
        looks = verdicts.looks
        marks = self._marks.of(looks.stack, CARRIED)
        for kind in LoopKind:
            for row in np.unique(looks.thread[marks == kind]).tolist():
                known = self._loops.get(row)
                if known is not None:
                    known.kind = max(known.kind, kind)
                elif len(self._loops) < THREADS:
                    self._loops[row] = _Loop(kind, StayTable(self._mean_gap_ns))
            marks[(marks == kind) & (looks.state == State.WAITING)] = _BACK_FROM_THE_POLL
        if not self._loops:
            return
        loops = np.array(list(self._loops))
        marks[~np.isin(looks.thread, loops)] = OUTSIDE
        hubs = [row for row, loop in self._loops.items() if loop.kind == LoopKind.GEVENT]
        if hubs:
            greenlet: Bools = (marks == OUTSIDE) & np.isin(looks.thread, hubs)
            marks[greenlet] = self._outermost.of(looks.stack[greenlet], OUTSIDE)
        self._add(self._stays.feed(verdicts, marks))

    def finish(self) -> None:
        """Nothing follows."""
        self._add(self._stays.finish())

    def regroup(self, target: Rows) -> None:
        """Threads have other rows from now on. A loop whose thread was folded with others is forgotten with it."""
        self._add(self._stays.regroup(target))
        for row in [row for row in self._loops if target[row] != row]:
            del self._loops[row]
        for loop in self._loops.values():
            loop.table.regroup(target)
            moved: Counter[HeldUp] = Counter()
            for cause, count in loop.held_up.items():
                moved[cause if cause.holder == NONE else HeldUp(cause.function, int(target[cause.holder]))] += count
            loop.held_up = moved

    def sums(self) -> tuple[LoopSums, ...]:
        """A snapshot; loops without callbacks left out."""
        found = ((row, loop, loop.table.sums()) for row, loop in self._loops.items())
        return tuple(
            LoopSums(row, loop.kind.name.lower(), self._held_up_ns, tuple(loop.held_up.most_common()), stays)
            for row, loop, stays in found
            if stays.seen
        )

    def _add(self, stays: list[Stay]) -> None:
        for stay in stays:
            loop = self._loops[stay.thread]
            loop.table.add(stay)
            if stay.length_ns > self._held_up_ns:
                cause = self._cause(stay)
                known = cause in loop.held_up or len(loop.held_up) < GROUPS
                loop.held_up[cause if known else HeldUp(NONE, NONE)] += 1

    def _cause(self, stay: Stay) -> HeldUp:
        """The thread that it waited for most, where waiting took the most of it; else the own function."""
        if stay.waited_for and 2 * stay.states_ns[State.WAITING] > stay.states_ns.sum():
            (thread, _), _ = max(stay.waited_for.items(), key=lambda item: item[1])
            return HeldUp(NONE, thread)
        frame, frames = stay.longest_frame(), self._definitions.frames
        return HeldUp(int(frames[frame, 0]) if 0 <= frame < len(frames) else NONE, NONE)


def _step(before: int, number: int, function: Function | None) -> int:
    """The loop's kind, or the number of the callback's outermost function, or ``OUTSIDE``."""
    if before >= 0 or function is None:
        return before
    for (file, name), kind in _LOOPS.items():
        if function.name == name and function.file.endswith(file):
            return kind
    if before == OUTSIDE:
        return OUTSIDE
    of_the_loop = function.file.endswith(_SELECTORS) or any(part in function.file for part in _LOOPS_CODE)
    return before if of_the_loop else number


def _first(before: int, number: int, function: Function | None) -> int:
    """The outermost function."""
    return before if before >= 0 else number
