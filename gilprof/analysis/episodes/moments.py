"""What is found in the order of time: episodes, stalls, spans and event loops, out of the same verdicts."""

from __future__ import annotations

from collections.abc import Iterable

from gilprof.analysis.classify import Verdicts
from gilprof.analysis.episodes.episodes import Episodes, FramesOf
from gilprof.analysis.episodes.lengths import EpisodeTable
from gilprof.analysis.episodes.loops import HELD_UP_NS, Loops
from gilprof.analysis.episodes.rows import Finished
from gilprof.analysis.episodes.spans import Spans
from gilprof.analysis.episodes.stalls import KEPT, Stalls
from gilprof.analysis.episodes.values import EpisodeSums, KeptEpisode, LoopSums, SpanSums, Stall, StallSums
from gilprof.facts.arrays import Rows
from gilprof.facts.definitions import Definitions

FOLLOWED_ROWS = 22_000
"""They are looked for in so many looks and passes at a time (two seconds of ten threads): that costs half of what it
costs in every batch, and what is found is the same."""
FOLLOWED_NS = 500_000_000
"""Where stalls are told as they happen: in so much time at a time."""


class _OneGil:
    """What is found in the order of time in which the threads of one GIL had it, and waited for it."""

    def __init__(self, frames_of: FramesOf, stall_ns: int | None) -> None:
        self.episodes = Episodes(frames_of)
        self.stalls = None if stall_ns is None else Stalls(stall_ns)


class Moments:
    """Follows one process; everything is brought up to date when it is asked for."""

    def __init__(
        self,
        definitions: Definitions,
        frames_of: FramesOf,
        stall_ns: int | None = None,
        spans: Iterable[str] = (),
    ) -> None:
        """``stall_ns``: waits longer than that make stalls; None: nobody asks for them. ``spans``: names of functions
        whose stays are wanted."""
        self._unfollowed: list[Verdicts] = []
        self._frames_of = frames_of
        self._stall_ns = stall_ns
        self._gils: dict[int, _OneGil] = {}
        """By the GIL domain's id."""
        self._lengths = EpisodeTable()
        self._lengths_anew: EpisodeTable | None = None
        self._spans = Spans(spans, definitions, frames_of)
        self._loops = Loops(definitions, frames_of, stall_ns or HELD_UP_NS)

    def add(self, verdicts: Verdicts) -> None:
        """The next verdicts, at least a pass."""
        self._unfollowed.append(verdicts)
        since_ns = verdicts.passes.t_ns[-1] - self._unfollowed[0].passes.t_ns[0]
        rows = sum(len(part.looks.thread) + len(part.passes.t_ns) for part in self._unfollowed)
        if rows >= FOLLOWED_ROWS or (self._stall_ns is not None and since_ns >= FOLLOWED_NS):
            self._follow()

    def finish(self) -> None:
        """Nothing follows."""
        self._follow()
        for gil in self._gils.values():
            self._take(gil, gil.episodes.finish())
            if gil.stalls is not None:
                gil.stalls.finish()
        self._spans.finish()
        self._loops.finish()

    def regroup(self, target: Rows) -> None:
        """Give each thread row's part to its target row."""
        self._follow()
        for gil in self._gils.values():
            gil.episodes.regroup(target)
            if gil.stalls is not None:
                gil.stalls.regroup(target)
        for table in (self._lengths, self._lengths_anew):
            if table is not None:
                table.merge(target)
        self._spans.regroup(target)
        self._loops.regroup(target)

    def episodes(self) -> EpisodeSums:
        """Those that have ended."""
        self._follow()
        return self._lengths.sums()

    def under_way(self) -> tuple[KeptEpisode, ...]:
        """The waits and turns under way, worst first within each kind: each has lasted so long by now."""
        self._follow()
        table = EpisodeTable()
        for gil in self._gils.values():
            table.add(gil.episodes.under_way())
        return table.sums().worst

    def count_anew(self) -> None:
        """``episodes_anew`` are those that end from now on."""
        self._follow()
        self._lengths_anew = EpisodeTable()

    def episodes_anew(self) -> EpisodeSums:
        """Those since ``count_anew``; all, where nobody has asked for that."""
        self._follow()
        return (self._lengths_anew or self._lengths).sums()

    def stalls(self) -> StallSums | None:
        """None: nobody asked for them."""
        self._follow()
        if self._stall_ns is None:
            return None
        found = [gil.stalls.sums() for gil in self._gils.values() if gil.stalls is not None]
        latest = tuple(stall for sums in found for stall in sums.latest)
        if len(found) > 1:
            latest = tuple(sorted(latest, key=lambda stall: stall.start_ns)[-KEPT:])
        return StallSums(self._stall_ns, sum(sums.count for sums in found), latest)

    def new_stalls(self) -> list[Stall]:
        """Those found since the last call."""
        return [stall for gil in self._gils.values() if gil.stalls is not None for stall in gil.stalls.untold()]

    def spans(self) -> tuple[SpanSums, ...]:
        """In the order in which they were asked for."""
        self._follow()
        return self._spans.sums()

    def loops(self) -> tuple[LoopSums, ...]:
        """Those that have been in a callback."""
        self._follow()
        return self._loops.sums()

    def _follow(self) -> None:
        """Go on with what has come since the last call; what is found is the same however often this is done."""
        if self._unfollowed:
            verdicts = Verdicts.joined(self._unfollowed)
            for number, part in verdicts.by_domain().items():
                if number not in self._gils:
                    self._gils[number] = _OneGil(self._frames_of, self._stall_ns)
                gil = self._gils[number]
                self._take(gil, gil.episodes.feed(part))
            self._spans.take(verdicts)
            self._loops.take(verdicts)
            self._unfollowed.clear()

    def _take(self, gil: _OneGil, finished: Finished) -> None:
        for table in (self._lengths, self._lengths_anew):
            if table is not None:
                table.add(finished)
        if gil.stalls is not None:
            gil.stalls.take(finished)
