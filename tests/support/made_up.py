"""Profiles of known content, summed up look by look: what a Profile would say, without one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gilprof.analysis.episodes.values import EpisodeSums, LoopSums
from gilprof.analysis.profile_sums import ProfileSums
from gilprof.analysis.sums.values import HANDOVER, TORN, GilSums, NodeSums, PairSums, ThreadSums
from gilprof.facts.definitions import Definitions
from gilprof.model import (
    LOOK_DTYPE,
    NONE,
    PASS_DTYPE,
    Batch,
    BlockedIn,
    Function,
    Health,
    Origin,
    State,
    TargetInfo,
    ThreadSeen,
)

STDLIB = "/usr/lib/python3.11"
Place = tuple[str, str, int, int]
"""A frame: name, file, first line, line."""
BOOTSTRAP: tuple[Place, ...] = (
    ("Thread._bootstrap", f"{STDLIB}/threading.py", 983, 1002),
    ("Thread._bootstrap_inner", f"{STDLIB}/threading.py", 1031, 1045),
    ("Thread.run", f"{STDLIB}/threading.py", 972, 982),
)
INFO = TargetInfo(
    pid=4242,
    command=("python", "app.py"),
    python="3.11.7",
    build="default",
    process_started=1_795_251_302.1,
    asked_hz=1000,
    switch_interval_ns=5_000_000,
    wall_anchor=(1_795_251_600_000_000_000, 1_000_000_000),
    stdlib=(STDLIB,),
)
_HELD = (State.HELD, State.HELD_BLOCKED)


@dataclass(frozen=True, slots=True)
class Seen:
    """A look: the state, the stack outermost frame first (None: none), and what goes with the state."""

    state: State
    stack: tuple[Place, ...] | None = ()
    where: BlockedIn = BlockedIn.OTHER
    origin: Origin = Origin.PREEMPTED
    overdue: bool = False
    gc: bool = False
    python: bool = True
    cpu: float = 0.0
    """Share of the pass on a CPU, and ..."""
    queued: float = 0.0
    """... ready without one."""


Node = tuple[int, int, bool]


@dataclass
class MadeUp:
    """A made-up profile: ``add`` passes, then use it as one."""

    info: TargetInfo = INFO
    health: Health = field(default_factory=Health)
    ended: str | None = None
    definitions: Definitions = field(default_factory=Definitions)
    passes: list[tuple[float, Mapping[int, Seen], bool]] = field(default_factory=list)
    switches: int = 700
    count: int = 0
    episodes: EpisodeSums = field(default_factory=EpisodeSums.none)
    loops: tuple[LoopSums, ...] = ()

    def __post_init__(self) -> None:
        self._functions: dict[tuple[str, str, int], int] = {}
        self._frames: dict[tuple[int, int], int] = {}
        self._stacks: dict[tuple[int, int], int] = {}

    def threads(self, *names: str, ended: Sequence[int] = ()) -> MadeUp:
        """Name the threads 0, 1, ..., of which some have ended."""
        seen = tuple(ThreadSeen(i, 5000 + i, name, 1 if i in ended else None) for i, name in enumerate(names))
        self.definitions.add(Batch(passes=np.empty(0, PASS_DTYPE), looks=np.empty(0, LOOK_DTYPE), threads=seen))
        return self

    def add(self, seconds: float, looks: Mapping[int, Seen], *, torn: bool = False, passes: int = 100) -> MadeUp:
        """``passes`` equal passes of ``seconds`` together; ``torn``: who has the GIL could not be told."""
        self.passes.append((seconds * 1e9, looks, torn))
        self.count += passes
        return self

    def stack(self, places: Sequence[Place] | None) -> int:
        """The stack's id, defined when it is new."""
        number = NONE
        for name, file, first_line, line in places or ():
            function = self._functions.setdefault((name, file, first_line), len(self._functions))
            frame = self._frames.setdefault((function, line), len(self._frames))
            fresh = (number, frame) not in self._stacks
            parent, number = number, self._stacks.setdefault((number, frame), len(self._stacks))
            new_functions = list(self._functions)[len(self.definitions.functions) :]
            new_frames = list(self._frames)[len(self.definitions.frames) :]
            self.definitions.add(
                Batch(
                    passes=np.empty(0, PASS_DTYPE),
                    looks=np.empty(0, LOOK_DTYPE),
                    functions=tuple(Function(*key) for key in new_functions),
                    frames=np.array(new_frames, np.int32).reshape(-1, 2),
                    stacks=np.array([(parent, frame)] if fresh else [], np.int32).reshape(-1, 2),
                )
            )
        return number

    def frame(self, place: Place) -> int:
        """The id of this place's frame, defined when it is new."""
        self.stack([place])
        name, file, first_line, line = place
        return self._frames[self._functions[name, file, first_line], line]

    def sums(self) -> ProfileSums:
        """Summed up the slow way."""
        nodes: dict[Node, int] = {}
        for _, looks, _ in self.passes:
            for thread, seen in looks.items():
                nodes.setdefault((thread, self.stack(seen.stack), seen.gc), len(nodes))
        size = max([-1, *(t for _, looks, _ in self.passes for t in looks)]) + 1
        threads = ThreadSums(
            np.arange(size), np.zeros(size, np.int64),
            np.zeros((size, 6)), np.zeros((size, 3)), np.zeros((size, 7)), np.zeros((size, 7)),
            np.zeros(size), np.zeros(size), np.zeros((size, 6)), np.zeros(size), np.zeros(size),
            np.zeros(size, np.bool_), np.zeros(size, np.int32),
        )  # fmt: skip
        node_sums = NodeSums(
            np.array([n[0] for n in nodes], np.int32),
            np.array([n[1] for n in nodes], np.int32),
            np.array([n[2] for n in nodes], np.bool_),
            np.zeros((len(nodes), 6)), np.zeros((len(nodes), 7)), *(np.zeros(len(nodes)) for _ in range(4)),
        )  # fmt: skip
        pairs: dict[tuple[int, int], list[float]] = defaultdict(lambda: [0.0] * 4)
        gil = dict.fromkeys(("held", "held_blocked", "handover", "torn", "contended", "waiting"), 0.0)
        running = 0.0
        for ns, looks, torn in self.passes:
            holders = [t for t, seen in looks.items() if seen.state in _HELD]
            waiters = [t for t, seen in looks.items() if seen.state == State.WAITING]
            assert len(holders) <= 1
            holder = TORN if torn else HANDOVER
            for thread in holders:
                holder = nodes[thread, self.stack(looks[thread].stack), looks[thread].gc]
            if holders:
                gil["held" if looks[holders[0]].state == State.HELD else "held_blocked"] += ns
            elif waiters:
                gil["torn" if torn else "handover"] += ns
            gil["contended"] += ns if waiters else 0.0
            gil["waiting"] += ns * len(waiters)
            if holders and waiters:
                for table, row in ((threads, holders[0]), (node_sums, holder)):
                    table.blamed_ns[row] += ns * len(waiters)
                    table.blocking_ns[row] += ns
            for thread, seen in looks.items():
                row = nodes[thread, self.stack(seen.stack), seen.gc]
                threads.states_ns[thread, seen.state] += ns
                node_sums.states_ns[row, seen.state] += ns
                threads.cpu_ns[thread] += ns * seen.cpu
                threads.queued_ns[thread] += ns * seen.queued
                threads.queued_in_ns[thread, seen.state] += ns * seen.queued
                node_sums.held_queued_ns[row] += ns * seen.queued * (seen.state == State.HELD)
                threads.python[thread] |= seen.python
                running += ns if seen.python and seen.state in (State.HELD, State.RELEASED) else 0.0
                if seen.state == State.BLOCKED:
                    threads.blocked_in_ns[thread, seen.where] += ns
                    node_sums.blocked_in_ns[row, seen.where] += ns
                if seen.state == State.HELD_BLOCKED:
                    threads.held_blocked_in_ns[thread, seen.where] += ns
                if seen.state in _HELD and seen.overdue:
                    node_sums.overdue_ns[row] += ns
                if seen.state == State.WAITING:
                    threads.origin_ns[thread, seen.origin] += ns
                    pair = pairs[holder, row]
                    pair[seen.origin] += ns
                    pair[3] += ns if holders and looks[holders[0]].overdue else 0.0
        total = sum(ns for ns, _, _ in self.passes)
        return ProfileSums(
            first_t_ns=2_000_000_000,
            last_t_ns=2_000_000_000 + round(total),
            observed_ns=total,
            unobserved_ns=0.0,
            stopped_ns=0.0,
            passes=self.count,
            torn=0,
            running_ns=running,
            gils={0: GilSums(**{f"{name}_ns": value for name, value in gil.items()}, switches=self.switches)},
            threads=threads,
            nodes=node_sums,
            pairs=PairSums(
                np.array([key[0] for key in pairs], np.int32),
                np.array([key[1] for key in pairs], np.int32),
                np.array([value[:3] for value in pairs.values()]).reshape(-1, 3),
                np.array([value[3] for value in pairs.values()]),
            ),
            sections=(),
            episodes=self.episodes,
            loops=self.loops,
        )
