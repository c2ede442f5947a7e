"""Event loops: how long their threads stay in callbacks, and why.

A thread whose stack has a loop's own function on it is a loop. The looks at which nothing but the loop's code stands
above that are the loop's; at the others it is in a callback, named by the outermost function above. A stay in callbacks
of one function without a look at the loop itself, or at another callback, between them is one episode: short callbacks
of one function that follow one another at once may look like a long one. A loop that is back from its poll and waits
for the GIL is held up as well: such a wait is an episode of its own.

Known by their frames: asyncio's own loop (Lib/asyncio/base_events.py, ``BaseEventLoop._run_once``); uvloop
where ``uvloop.run`` runs it, else loops without frames of their own by ``asyncio.Runner``, which runs them; the hubs of
gevent (gevent/hub.py, ``Hub.run``) and eventlet (eventlet/hubs/hub.py, ``BaseHub.run``), whose greenlets have stacks of
their own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from gilprof.analysis.classify import Verdicts
from gilprof.analysis.episodes.stay_sums import StayTable
from gilprof.analysis.episodes.stays import CARRIED, OUTSIDE, FramesOf, OpenStays, Stay
from gilprof.analysis.episodes.values import DelayCause, LoopSums
from gilprof.facts.arrays import Bools, Rows
from gilprof.facts.definitions import Definitions
from gilprof.facts.stack_marks import StackMarks
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
    UVLOOP = -11
    RUNNER = -12
    GEVENT = -13
    EVENTLET = -14


_LOOPS = {
    ("/asyncio/base_events.py", "BaseEventLoop._run_once"): LoopKind.ASYNCIO,
    ("/uvloop/__init__.py", "run"): LoopKind.UVLOOP,
    ("/asyncio/runners.py", "Runner.run"): LoopKind.RUNNER,
    ("/gevent/hub.py", "Hub.run"): LoopKind.GEVENT,
    ("/eventlet/hubs/hub.py", "BaseHub.run"): LoopKind.EVENTLET,
    ("/eventlet/hubs/asyncio.py", "Hub.run"): LoopKind.EVENTLET,
}
_BY_ANOTHER = (LoopKind.UVLOOP, LoopKind.EVENTLET)
"""What runs above these is part of them: ``uvloop.run`` has ``asyncio.Runner`` run the loop, and eventlet has a hub
that asyncio runs."""
_OF_GREENLETS = (LoopKind.GEVENT, LoopKind.EVENTLET)
_LOOPS_CODE = ("/asyncio/", "/uvloop/", "/gevent/", "/eventlet/")
_SELECTORS = "/selectors.py"


@dataclass(slots=True)
class _Loop:
    kind: LoopKind
    table: StayTable
    held_up: Counter[DelayCause] = field(default_factory=Counter)


class Loops:
    """Follows the event loops of all threads."""

    def __init__(self, definitions: Definitions, frames_of: FramesOf, held_up_ns: int = HELD_UP_NS) -> None:
        self._definitions = definitions
        self._held_up_ns = held_up_ns
        self._marks = StackMarks(definitions, _step, OUTSIDE)
        self._outermost = StackMarks(definitions, _first, OUTSIDE)
        self._stays = OpenStays(frames_of)
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
                    self._loops[row] = _Loop(kind, StayTable())
            marks[(marks == kind) & (looks.state == State.WAITING)] = _BACK_FROM_THE_POLL
        if not self._loops:
            return
        loops = np.array(list(self._loops))
        marks[~np.isin(looks.thread, loops)] = OUTSIDE
        hubs = [row for row, loop in self._loops.items() if loop.kind in _OF_GREENLETS]
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
            moved: Counter[DelayCause] = Counter()
            for cause, count in loop.held_up.items():
                moved[cause if cause.holder == NONE else DelayCause(cause.function, int(target[cause.holder]))] += count
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
                loop.held_up[cause if known else DelayCause(NONE, NONE)] += 1

    def _cause(self, stay: Stay) -> DelayCause:
        """The thread that it waited for most, where waiting took the most of it; else the own function."""
        if stay.waited_for and 2 * stay.states_ns[State.WAITING] > stay.states_ns.sum():
            (thread, _), _ = max(stay.waited_for.items(), key=lambda item: item[1])
            return DelayCause(NONE, thread)
        frame, frames = stay.longest_frame(), self._definitions.frames
        return DelayCause(int(frames[frame, 0]) if 0 <= frame < len(frames) else NONE, NONE)


@dataclass(frozen=True, slots=True)
class InLoops:
    """Where some stacks stand, of threads that have an event loop."""

    outside: Bools
    """Not under a loop."""
    of_the_loop: Bools
    """Under a loop, with nothing but the loop's code above it; else, unless outside, in a callback."""


def callbacks(definitions: Definitions, stacks: npt.NDArray[np.integer]) -> InLoops:
    """Where ``stacks`` stand; a greenlet's, which are not under gevent's hub, are outside."""
    marks = StackMarks(definitions, _step, OUTSIDE).of(stacks, OUTSIDE)
    return InLoops(outside=marks == OUTSIDE, of_the_loop=np.isin(marks, list(LoopKind)))


def _step(before: int, number: int, function: Function | None) -> int:
    """The loop's kind, or the number of the callback's outermost function, or ``OUTSIDE``."""
    if before >= 0 or function is None:
        return before
    for (file, name), kind in _LOOPS.items():
        if function.name == name and function.file.endswith(file):
            return before if before in _BY_ANOTHER else kind
    if before == OUTSIDE:
        return OUTSIDE
    of_the_loop = function.file.endswith(_SELECTORS) or any(part in function.file for part in _LOOPS_CODE)
    return before if of_the_loop else number


def _first(before: int, number: int, function: Function | None) -> int:
    """The outermost function."""
    return before if before >= 0 else number
