"""A made-up profile of tens of thousands of stacks, which ``MadeUp`` would take too long to write down."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gilprof.analysis.profile_sums import ProfileSums
from gilprof.analysis.sums.values import NodeSums, PairSums
from gilprof.model import LOOK_DTYPE, NONE, PASS_DTYPE, Batch, Function, Origin, State
from tests.support.made_up import MadeUp, Seen

FUNCTIONS = 3000
LINES_EACH = 5
HOLDERS_EACH = 6
DEEPEST = 60


class ManyStacks(MadeUp):
    """``stacks`` stacks up to ``DEEPEST`` frames deep, with time on each in one state and one of four threads."""

    def __init__(self, stacks: int, seed: int = 1) -> None:
        super().__init__()
        self.threads(*(f"worker-{number}" for number in range(4)))
        self.add(1.0, {number: Seen(State.BLOCKED, None) for number in range(4)})
        random = np.random.default_rng(seed)
        depth = [1]
        parents = [NONE]
        for number, draw in enumerate(random.random(stacks - 1).tolist(), start=1):
            # Late stacks stand on late ones: long thin branches beside short broad ones.
            parent = int(number * draw**0.3)
            parent = NONE if depth[parent] >= DEEPEST else parent
            parents.append(parent)
            depth.append(1 if parent == NONE else depth[parent] + 1)
        functions = tuple(Function(f"Job.step_{k}", f"/srv/jobs/part_{k % 40}.py", k + 1) for k in range(FUNCTIONS))
        frames = [(k, k + line) for k in range(FUNCTIONS) for line in range(1, LINES_EACH + 1)]
        self.definitions.add(
            Batch(
                passes=np.empty(0, PASS_DTYPE),
                looks=np.empty(0, LOOK_DTYPE),
                functions=functions,
                frames=np.array(frames, np.int32),
                stacks=np.column_stack([parents, random.integers(0, len(frames), stacks)]).astype(np.int32),
            )
        )
        self._nodes = _nodes(stacks, random)
        self._pairs = _pairs(self._nodes, random)

    def sums(self) -> ProfileSums:
        """The nodes of all stacks, and threads that agree with them."""
        made, nodes = super().sums(), self._nodes
        states_ns = np.zeros((4, len(State)))
        np.add.at(states_ns, nodes.thread, nodes.states_ns)
        return replace(made, threads=replace(made.threads, states_ns=states_ns), nodes=nodes, pairs=self._pairs)


def _nodes(count: int, random: np.random.Generator) -> NodeSums:
    states_ns = np.zeros((count, len(State)))
    ns = np.rint(random.pareto(1.2, count) * 1e6) + 1e6
    states_ns[np.arange(count), random.choice(len(State), count, p=[0.2, 0.05, 0.4, 0.1, 0.24, 0.01])] = ns
    return NodeSums(
        thread=random.integers(0, 4, count).astype(np.int32),
        stack=np.arange(count, dtype=np.int32),
        gc=np.zeros(count, np.bool_),
        states_ns=states_ns,
        blocked_in_ns=np.zeros((count, 7)),
        overdue_ns=np.zeros(count),
        blamed_ns=states_ns[:, State.HELD] * 2,
        blocking_ns=states_ns[:, State.HELD],
        held_queued_ns=np.zeros(count),
    )


def _pairs(nodes: NodeSums, random: np.random.Generator) -> PairSums:
    """Each node that waits does so for ``HOLDERS_EACH`` of those that have the GIL, alike."""
    waiters = np.flatnonzero(nodes.states_ns[:, State.WAITING])
    holders = np.flatnonzero(nodes.states_ns[:, State.HELD])
    waiter = np.repeat(waiters, HOLDERS_EACH)
    origin_ns = np.zeros((len(waiter), len(Origin)))
    origin_ns[:, Origin.PREEMPTED] = nodes.states_ns[waiter, State.WAITING] / HOLDERS_EACH
    first = random.integers(0, len(holders), len(waiters))
    holder = holders[(np.repeat(first, HOLDERS_EACH) + np.tile(np.arange(HOLDERS_EACH), len(waiters))) % len(holders)]
    return PairSums(
        holder=holder.astype(np.int32),
        waiter=waiter.astype(np.int32),
        origin_ns=origin_ns,
        overdue_ns=np.zeros(len(waiter)),
    )
