"""Several processes as one profile: what formats that know one process write of a session of several.

Ids of threads, GILs, functions, frames and stacks count on from process to process, and threads are named with their
process's PID in front. Of sums there is what exports are made from: threads, nodes and pairs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, chain

import numpy as np

from gilprof.analysis.episodes import EpisodeSums
from gilprof.analysis.profile_sums import ProfileSums
from gilprof.analysis.sums import NodeSums, PairSums, ThreadSums
from gilprof.exporters.spool import RowArray
from gilprof.exporters.timeline import Timeline, TimeOrdered
from gilprof.facts.arrays import Ids
from gilprof.facts.definitions import Definitions
from gilprof.model import (
    FIRST_PROCESS,
    LOOK_DTYPE,
    NONE,
    PASS_DTYPE,
    Batch,
    Health,
    IntPairs,
    TargetInfo,
    ThreadSeen,
)
from gilprof.report.build import Profiled


@dataclass(frozen=True, slots=True)
class _Part:
    """A process, and where its ids begin."""

    profile: Profiled
    thread: int = 0
    gil: int = 0
    function: int = 0
    frame: int = 0
    stack: int = 0

    def behind(self, profile: Profiled) -> _Part:
        """The next process."""
        defined = self.profile.definitions
        return _Part(
            profile,
            self.thread + defined.thread_ids,
            self.gil + max((*defined.domains, *self.profile.sums().gils), default=NONE) + 1,
            self.function + len(defined.functions),
            self.frame + len(defined.frames),
            self.stack + len(defined.stacks),
        )

    def named(self, thread: ThreadSeen) -> ThreadSeen:
        name = thread.name if thread.name.strip() else f"(tid {thread.tid})"
        return replace(thread, id=thread.id + self.thread, name=f"{self.profile.info.pid} {name}")


class JoinedProfile:
    """As a report takes it (``gilprof.report.build.Profiled``)."""

    def __init__(self, profiles: Mapping[int, Profiled]) -> None:
        """At least one; by the processes' numbers."""
        self.profiles = profiles
        first, *rest = profiles.values()
        self.parts: tuple[_Part, ...] = tuple(accumulate(rest, _Part.behind, initial=_Part(first)))
        folders = chain.from_iterable(profile.info.stdlib for profile in profiles.values())
        self.info = replace(first.info, stdlib=tuple(dict.fromkeys(folders)))
        self.health = Health(passes=sum(profile.health.passes for profile in profiles.values()))
        self.ended: str | None = None

    @cached_property
    def definitions(self) -> Definitions:
        """Of all processes."""
        out = Definitions()
        for part in self.parts:
            defined = part.profile.definitions
            frames, stacks = defined.frames, defined.stacks
            out.add(
                Batch(
                    passes=np.empty(0, PASS_DTYPE),
                    looks=np.empty(0, LOOK_DTYPE),
                    functions=tuple(defined.functions),
                    frames=np.stack([_moved(frames[:, 0], part.function), frames[:, 1]], axis=1),
                    stacks=_moved_pairs(stacks, part.stack, part.frame),
                    threads=tuple(map(part.named, defined.threads.values())),
                )
            )
        return out

    def sums(self) -> ProfileSums:
        """A snapshot."""
        sums = [part.profile.sums() for part in self.parts]
        longest = max(sums, key=lambda each: each.observed_ns)
        node_rows = [0, *accumulate(len(each.nodes.thread) for each in sums)]
        thread_rows = [0, *accumulate(len(each.threads.id) for each in sums)]
        begun = [each.first_t_ns for each in sums if each.passes]
        threads, nodes, pairs = [], [], []
        for part, each, node, thread in zip(self.parts, sums, node_rows, thread_rows, strict=False):
            rows = each.threads
            threads.append(replace(rows, id=rows.id + part.thread))
            moved = replace(each.nodes, thread=each.nodes.thread + thread, stack=_moved(each.nodes.stack, part.stack))
            nodes.append(moved)
            pairs.append(replace(each.pairs, holder=_moved(each.pairs.holder, node), waiter=each.pairs.waiter + node))
        return ProfileSums(
            first_t_ns=min(begun, default=0),
            last_t_ns=max(each.last_t_ns for each in sums),
            observed_ns=longest.observed_ns,
            unobserved_ns=longest.unobserved_ns,
            stopped_ns=longest.stopped_ns,
            passes=longest.passes,
            torn=longest.torn,
            running_ns=sum(each.running_ns for each in sums),
            gils={number + part.gil: gil for part, each in zip(self.parts, sums, strict=True)
                  for number, gil in each.gils.items()},
            threads=ThreadSums.joined(threads),
            nodes=NodeSums.joined(nodes),
            pairs=PairSums.joined(pairs),
            sections=(),
            episodes=EpisodeSums.none(),
        )  # fmt: skip

    def part_of_thread(self, number: int) -> _Part:
        """The process of this thread."""
        return next(part for part in reversed(self.parts) if part.thread <= number)

    def part_of_gil(self, number: int) -> _Part:
        """The process of this GIL."""
        return next(part for part in reversed(self.parts) if part.gil <= number)


class JoinedTimeline:
    """As exporters take a Timeline, but for its passes: each process has its own."""

    def __init__(self, profile: JoinedProfile, timelines: Sequence[Timeline]) -> None:
        """``timelines``: one for each process, in their order."""
        self._profile = profile
        self._timelines = dict(zip(profile.parts, timelines, strict=True))

    @property
    def first_ns(self) -> int:
        """CLOCK_MONOTONIC since when there is observed time."""
        return min((timeline.first_ns for timeline in self._timelines.values() if timeline.last_ns), default=0)

    @property
    def last_ns(self) -> int:
        """CLOCK_MONOTONIC until when there is observed time."""
        return max(timeline.last_ns for timeline in self._timelines.values())

    @property
    def threads(self) -> dict[int, ThreadSeen]:
        """Those with looks, by id."""
        return {
            number + part.thread: part.named(thread)
            for part, timeline in self._timelines.items()
            for number, thread in timeline.threads.items()
        }

    def last_of(self, thread: int) -> int:
        """As ``Timeline.last_of``."""
        return self._timelines[self._profile.part_of_thread(thread)].last_ns

    def finish(self) -> None:
        """No verdict follows."""
        for timeline in self._timelines.values():
            timeline.finish()

    def gils(self) -> list[int]:
        """The ids of the GIL domains that were seen."""
        return [number + part.gil for part, timeline in self._timelines.items() for number in timeline.gils()]

    def gil(self, number: int) -> Iterator[RowArray]:
        """As ``Timeline.gil``."""
        part = self._profile.part_of_gil(number)
        return self._timelines[part].gil(number - part.gil)

    def slices(self, thread: int) -> Iterator[RowArray]:
        """As ``Timeline.slices``."""
        part = self._profile.part_of_thread(thread)
        for block in self._timelines[part].slices(thread - part.thread):
            moved = block.copy()
            moved["thread"] += part.thread
            for name, by in (("stack", part.stack), ("blocker", part.thread)):
                moved[name] = _moved(block[name], by)
            yield moved


def as_one(profiles: Mapping[int, Profiled], timelines: Sequence[Timeline]) -> tuple[Profiled, TimeOrdered | None]:
    """What exporters take: a process as it is, several joined; ``timelines``: one for each, or none."""
    if len(profiles) == 1:
        return next(iter(profiles.values())), timelines[0] if timelines else None
    joined = JoinedProfile(profiles)
    return joined, JoinedTimeline(joined, timelines) if timelines else None


def process_of(profile: Profiled, thread: int) -> TargetInfo:
    """The process of a thread."""
    return profile.part_of_thread(thread).profile.info if isinstance(profile, JoinedProfile) else profile.info


def process_of_gil(profile: Profiled, gil: int, gils: Sequence[int]) -> tuple[TargetInfo, str]:
    """The process of a GIL, and what the GIL is called in it: ``GIL``, or of several ``GIL 2``. ``gils``: all that
    there are."""
    if not isinstance(profile, JoinedProfile):
        return profile.info, "GIL" if len(gils) == 1 else f"GIL {gil}"
    part = profile.part_of_gil(gil)
    several = sum(profile.part_of_gil(other) is part for other in gils) > 1
    return part.profile.info, f"GIL {gil - part.gil}" if several else "GIL"


def processes_of(profile: Profiled) -> Mapping[int, Profiled]:
    """The profiles that it was joined from, by their processes' numbers."""
    return profile.profiles if isinstance(profile, JoinedProfile) else {FIRST_PROCESS: profile}


def _moved(ids: Ids, by: int) -> Ids:
    """Ids that count on from ``by``; negative ones stay what they are."""
    out: Ids = np.where(ids >= 0, ids + by, ids).astype(np.int32)
    return out


def _moved_pairs(pairs: IntPairs, first: int, second: int) -> IntPairs:
    out: IntPairs = np.stack([_moved(pairs[:, 0], first), _moved(pairs[:, 1], second)], axis=1)
    return out
