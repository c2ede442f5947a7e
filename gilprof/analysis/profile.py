"""The Profile: batches in, sums out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from gilprof.analysis.classify import Classifier, QueueTime, Verdicts
from gilprof.analysis.episodes import EpisodeSums, KeptEpisode, Moments, Stall, with_threads
from gilprof.analysis.profile_sums import Fold, ProfileSums
from gilprof.analysis.sums import (
    ENDED_ROWS,
    HANDOVER,
    TORN,
    Children,
    GilTable,
    NodeTable,
    PairTable,
    Sections,
    ThreadRows,
    ThreadTable,
)
from gilprof.facts.arrays import Rows
from gilprof.facts.definitions import Definitions
from gilprof.facts.user_code import OwnFrames
from gilprof.model import NONE, Batch, Health, State, TargetInfo

PAIRS = 25_000
"""Pairs of stacks up to twice which are remembered, then this many: the largest half, and the others merged with what
is most like them. Thousands of stacks that wait for thousands are ten thousand pairs more every second."""


class Watcher(Protocol):
    """Takes verdicts as they are reached."""

    def take(self, definitions: Definitions, ids: Rows, verdicts: Verdicts) -> None:
        """At least a pass, in the order of time; ``ids``: the thread of each look."""


class Profile:
    """Everything that is known of one process so far; bounded by the program's code and threads, not by time."""

    def __init__(
        self,
        info: TargetInfo,
        watch: Watcher | None = None,
        stall_ns: int | None = None,
        spans: Iterable[str] = (),
    ) -> None:
        """``watch``: who else wants the verdicts. ``stall_ns``: waits longer than that make stalls; None: nobody asks
        for them. ``spans``: names of functions whose stays are wanted."""
        self.info = info
        self.definitions = Definitions(info.domains)
        self.health = Health()
        self.ended: str | None = None
        self._watch = watch
        self.on_fold: Callable[[Fold], None] | None = None
        """Called when rows are folded: whoever keeps earlier sums must fold theirs in the same way."""
        self._classifier = Classifier(info, lambda: self.definitions.stacks)
        self._rows = ThreadRows()
        self._threads = ThreadTable()
        self._nodes = NodeTable()
        self._pairs = PairTable()
        self._sections = Sections()
        self.children = Children()
        self._own = OwnFrames(self.definitions, info.stdlib)
        self._moments = Moments(self.definitions, self._own.of, stall_ns, spans)
        self._gils = GilTable()
        self._time = np.zeros(5)
        self._passes = 0
        self._torn = 0
        self._t_ns: tuple[int, int] | None = None

    def add(self, batch: Batch) -> None:
        """Take in the next batch; what it cannot decide yet waits for the next one."""
        self.definitions.add(batch)
        self.health = batch.health
        self.ended = batch.ended or self.ended
        self._sections.mark(batch.sections)
        self.children.add(batch)
        if len(batch.passes):
            passes, looks = batch.passes.copy(), batch.looks.copy()
            looks["thread"] = self._rows.rows(looks["thread"])
            passes["holder"] = self._rows.rows(passes["holder"])
            self._count(self._classifier.feed(passes, looks))
        self._rows.note_ends(batch.threads, self.definitions.threads)
        self._fold(beyond=2 * ENDED_ROWS)
        self._thin()

    def finish(self) -> None:
        """Decide what is left: no batch follows."""
        self._count(self._classifier.finish())
        self._moments.finish()
        self._fold(beyond=ENDED_ROWS)

    def new_stalls(self) -> list[Stall]:
        """Stalls found since the last call; threads in them by their ids."""
        ids = self._rows.ids
        return [with_threads(stall, ids) for stall in self._moments.new_stalls()]

    def sums(self) -> ProfileSums:
        """A snapshot."""
        observed, unobserved, stopped, running, spared = self._time
        first_t_ns, last_t_ns = self._t_ns or (0, 0)
        return ProfileSums(
            first_t_ns=first_t_ns,
            last_t_ns=last_t_ns,
            observed_ns=float(observed),
            unobserved_ns=float(unobserved),
            stopped_ns=float(stopped),
            passes=self._passes,
            spared=float(spared),
            torn=self._torn,
            running_ns=float(running),
            gils=self._gils.sums(),
            threads=self._threads.sums(self._rows),
            nodes=self._nodes.sums(),
            pairs=self._pairs.sums(),
            sections=self._sections.sums(),
            episodes=self._moments.episodes(),
            stalls=self._moments.stalls(),
            spans=self._moments.spans(),
            loops=self._moments.loops(),
            children=self.children.sums(),
            children_ns=self.children.observed_ns,
        )

    def under_way(self) -> tuple[KeptEpisode, ...]:
        """The waits and turns under way, worst first within each kind: each has lasted so long by now."""
        return self._moments.under_way()

    def count_episodes_anew(self) -> None:
        """``episodes_anew`` are those that end from now on."""
        self._moments.count_anew()

    def episodes_anew(self) -> EpisodeSums:
        """Those since ``count_episodes_anew``; all, where nobody has asked for that."""
        return self._moments.episodes_anew()

    def _fold(self, beyond: int) -> None:
        """Fold ended threads once there are more than ``beyond``, all but those with the most waiting and blame."""
        ended = self._rows.ended()
        if len(ended) <= beyond:
            return
        ended = ended[~np.isin(ended, self._classifier.pending_threads())]
        least = ended[np.argsort(-self._threads.harm_ns(ended), kind="stable")][ENDED_ROWS:]
        target = self._rows.fold(least.tolist(), self.definitions.threads, self._threads.python(len(self._rows.ids)))
        self._threads.merge(target)
        node = self._nodes.merge(target)
        pair = self._pairs.merge(node)
        self._moments.regroup(target)
        if self.on_fold is not None:
            self.on_fold(Fold(target, node, pair))
        self._classifier.forget(np.flatnonzero(target != np.arange(len(target))))

    def _thin(self) -> None:
        """Merge small pairs of stacks once there are more than twice ``PAIRS``: of the same two threads where that is
        enough, then of the same own functions, then of the same functions on top."""
        if len(self._pairs) <= 2 * PAIRS:
            return
        threads, _, stacks = self._nodes.keys()
        own, top = (
            self.definitions.functions_of(frames)
            for frames in (self._own.of(stacks), self.definitions.innermost(stacks))
        )
        pair = self._pairs.thin(np.stack([threads, own, top], axis=1), apart=1, keep=PAIRS)
        if self.on_fold is not None:
            self.on_fold(Fold(np.arange(len(self._rows.ids)), np.arange(len(stacks)), pair))

    def _tids(self) -> npt.NDArray[np.int64]:
        """The kernel's number of each row's thread."""
        threads = self.definitions.threads
        return np.array([threads[number].tid if number in threads else NONE for number in self._rows.ids], np.int64)

    def _count(self, verdicts: Verdicts) -> None:
        passes, looks = verdicts.passes, verdicts.looks
        if len(passes.t_ns) == 0:
            return
        self._moments.add(verdicts)
        if self._watch is not None:
            self._watch.take(self.definitions, self._rows.ids[looks.thread], verdicts)
        begins = passes.begins
        self._passes += int(begins.sum())
        # Torn for one of the GILs is torn.
        self._torn += int(np.logical_or.reduceat(passes.torn, np.flatnonzero(begins)).sum())
        first_t_ns, _ = self._t_ns or (int(passes.t_ns[0]), 0)
        self._t_ns = (first_t_ns, int(passes.t_ns[-1]))

        self._sections.count(verdicts, self._tids())
        weight = passes.weight_ns[looks.pass_row]
        waits = looks.state == State.WAITING
        waiters = np.bincount(looks.pass_row[waits], minlength=len(passes.t_ns))
        contended = waiters > 0
        has_holder = passes.holder >= 0
        self._gils.add(passes, looks, waiters)
        runs = looks.python & ((looks.state == State.HELD) | (looks.state == State.RELEASED))
        self._time += [
            passes.weight_ns[begins].sum(),
            passes.unobserved_ns[begins].sum(),
            passes.stopped_ns[begins].sum(),
            weight[runs].sum(),
            passes.spared[begins].sum(),
        ]

        nodes = self._nodes.rows(looks)
        blamed = has_holder & contended
        culprit = passes.holder[blamed]
        victims = waiters[blamed] * passes.weight_ns[blamed]
        queue = QueueTime.of(looks)
        self._threads.add(looks, weight, queue, passes.domain[looks.pass_row])
        self._threads.blame(looks.thread[culprit], victims, passes.weight_ns[blamed])
        self._nodes.add(nodes, looks, weight, queue)
        self._nodes.blame(nodes[culprit], victims, passes.weight_ns[blamed])

        holder_look = passes.holder[looks.pass_row[waits]]
        holder_node = np.where(holder_look == NONE, HANDOVER, TORN)
        holder_known = holder_look >= 0
        holder_node[holder_known] = nodes[holder_look[holder_known]]
        overdue = np.zeros(len(holder_look), np.bool_)
        overdue[holder_known] = looks.overdue[holder_look[holder_known]]
        self._pairs.add(holder_node, nodes[waits], looks.origin[waits], overdue, weight[waits])
