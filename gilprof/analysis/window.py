"""The last seconds of a profile: its sums now, less its sums when they began.

The sums of a profile only grow, row by row, so that the difference of two of them is what the passes in between
alone add up to. What is kept is a snapshot a second. Of the pairs, of which there may be as many as nodes times nodes,
it is what each second has added.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from gilprof.analysis.summed import summed
from gilprof.analysis.sums import EpisodeSums, Fold, GilSums, NodeSums, Ns, PairSums, ProfileSums, ThreadSums
from gilprof.model import Health

MARK_EVERY_NS = 1_000_000_000
_NOTHING_NS = 0.5
"""Differences below this are rounding: a float64 has no more to tell."""

Rows = TypeVar("Rows", ThreadSums, NodeSums, PairSums)


@dataclass(frozen=True, slots=True)
class _Gained:
    """What pairs have gained between two snapshots; pairs that gained nothing are left out."""

    row: npt.NDArray[np.int64]
    """Row in the profile's pairs, each once."""
    origin_ns: Ns
    overdue_ns: Ns

    @classmethod
    def between(cls, now: PairSums, before: PairSums | None) -> _Gained:
        """``before``: earlier sums, rows folded alike; None: nothing was before."""
        origin_ns, overdue_ns = now.origin_ns, now.overdue_ns
        if before is not None:
            earlier = len(before.overdue_ns)
            origin_ns, overdue_ns = origin_ns.copy(), overdue_ns.copy()
            origin_ns[:earlier] -= before.origin_ns
            overdue_ns[:earlier] -= before.overdue_ns
        row = np.flatnonzero(origin_ns.sum(axis=1) >= _NOTHING_NS)
        return cls(row, np.maximum(origin_ns[row], 0.0), np.maximum(overdue_ns[row], 0.0))

    def folded(self, target: npt.NDArray[np.int64]) -> _Gained:
        """With the rows that the pairs have now."""
        row, place = np.unique(target[self.row], return_inverse=True)
        return _Gained(row, *(summed(place, amounts, len(row)) for amounts in (self.origin_ns, self.overdue_ns)))


@dataclass(frozen=True, slots=True)
class _Mark:
    """A snapshot, its pairs left out but for what they have gained since the mark before."""

    sums: ProfileSums
    health: Health
    gained: _Gained


class Window:
    """Remembers earlier sums, to tell what the last ``seconds`` and the time since ``reset`` add up to."""

    def __init__(self, seconds: float) -> None:
        self._span_ns = round(seconds * 1e9)
        self._marks: deque[_Mark] = deque()
        self._pairs: PairSums | None = None
        """Of the newest mark."""
        self._start: tuple[ProfileSums, Health] | None = None

    def note(self, sums: ProfileSums, health: Health) -> None:
        """Take in the profile's sums as they are now; time does not run backwards."""
        last = self._marks[-1].sums.last_t_ns if self._marks else None
        if sums.passes and (last is None or sums.last_t_ns - last >= MARK_EVERY_NS):
            without = replace(sums, pairs=_together(sums.pairs, []), episodes=EpisodeSums.none())
            self._marks.append(_Mark(without, health, _Gained.between(sums.pairs, self._pairs)))
            self._pairs = sums.pairs
        while len(self._marks) > 1 and self._marks[1].sums.last_t_ns <= sums.last_t_ns - self._span_ns:
            self._marks.popleft()

    def reset(self, sums: ProfileSums, health: Health) -> None:
        """What came before these sums counts no more."""
        self._marks.clear()
        self._pairs = sums.pairs
        self._start = (sums, health)

    def fold(self, fold: Fold) -> None:
        """The profile has folded rows together: so does what is remembered of it (``Profile.on_fold``)."""
        self._marks = deque(
            _Mark(_folded(mark.sums, fold), mark.health, mark.gained.folded(fold.pair)) for mark in self._marks
        )
        if self._pairs is not None:
            self._pairs = _regrouped(self._pairs, fold.pair)
        if self._start is not None:
            self._start = (_folded(self._start[0], fold), self._start[1])

    def recent(self, sums: ProfileSums, health: Health) -> tuple[ProfileSums, Health]:
        """What the last seconds up to ``sums`` add up to: the window's length, and up to a second more."""
        if not self._marks or not self._full(sums):
            return since(sums, health, self._start)
        began = self._marks[0]
        gained = [*(mark.gained for mark in islice(self._marks, 1, None)), _Gained.between(sums.pairs, self._pairs)]
        return _between_both(sums, health, began.sums, began.health, _together(sums.pairs, gained))

    def whole(self, sums: ProfileSums, health: Health) -> tuple[ProfileSums, Health]:
        """What the time from the start, or the last reset, up to ``sums`` adds up to."""
        return since(sums, health, self._start)

    def _full(self, sums: ProfileSums) -> bool:
        return self._marks[0].sums.last_t_ns <= sums.last_t_ns - self._span_ns


def since(sums: ProfileSums, health: Health, earlier: tuple[ProfileSums, Health] | None) -> tuple[ProfileSums, Health]:
    """What came between ``earlier`` sums of a profile, rows folded alike, and its sums now."""
    if earlier is None:
        return sums, health
    before, health_before = earlier
    pairs = _together(sums.pairs, [_Gained.between(sums.pairs, before.pairs)])
    return _between_both(sums, health, before, health_before, pairs)


def _between_both(
    sums: ProfileSums, health: Health, before: ProfileSums, health_before: Health, pairs: PairSums
) -> tuple[ProfileSums, Health]:
    between = replace(
        sums,
        first_t_ns=before.last_t_ns if before.passes else sums.first_t_ns,
        **_between(sums, before, _AMOUNTS),
        gil=GilSums(**_between(sums.gil, before.gil, [field.name for field in fields(GilSums)])),
        threads=_rows_between(sums.threads, before.threads),
        nodes=_rows_between(sums.nodes, before.nodes),
        pairs=pairs,
        sections=(),
        episodes=_began_since(sums.episodes, before.last_t_ns),
    )
    return between, replace(health, **_between(health, health_before, _GROWING))


_AMOUNTS = ("observed_ns", "unobserved_ns", "stopped_ns", "passes", "torn", "running_ns")
_GROWING = ("passes", "torn", "dropped", "read_errors", "truncated_stacks", "sampler_cpu_ns")


def _between(now: object, before: object, names: Iterable[str]) -> dict[str, Any]:
    """How much each of these has grown; counts stay integers."""
    grown = {name: getattr(now, name) - getattr(before, name) for name in names}
    return {name: by if by >= _NOTHING_NS else 0 for name, by in grown.items()}


def _together(pairs: PairSums, gained: Sequence[_Gained]) -> PairSums:
    """All that was ``gained``, by pair."""
    if not gained:
        # Copies: a slice would keep all of them in memory.
        none = pairs.holder[:0].copy()
        return PairSums(none, none, pairs.origin_ns[:0].copy(), pairs.overdue_ns[:0].copy())
    origin_ns, overdue_ns = np.zeros_like(pairs.origin_ns), np.zeros_like(pairs.overdue_ns)
    for each in gained:
        origin_ns[each.row] += each.origin_ns
        overdue_ns[each.row] += each.overdue_ns
    row = np.flatnonzero(origin_ns.any(axis=1))
    return PairSums(pairs.holder[row], pairs.waiter[row], origin_ns[row], overdue_ns[row])


def _began_since(episodes: EpisodeSums, t_ns: int) -> EpisodeSums:
    """The worst ones that began since then; lengths are not counted by time, nor are sections."""
    return replace(EpisodeSums.none(), worst=tuple(each for each in episodes.worst if each.start_ns >= t_ns))


def _rows_between(now: Rows, before: Rows) -> Rows:
    amounts: dict[str, Any] = {}
    for name in _amounts(now):
        left = getattr(now, name).copy()
        earlier = getattr(before, name)
        left[: len(earlier)] -= earlier
        left[left < _NOTHING_NS] = 0.0
        amounts[name] = left
    return replace(now, **amounts)


def _folded(sums: ProfileSums, fold: Fold) -> ProfileSums:
    """Sums of before a fold as its rows are now; only amounts matter, not whose they are."""
    return replace(
        sums,
        threads=_regrouped(sums.threads, fold.thread),
        nodes=_regrouped(sums.nodes, fold.node),
        pairs=_regrouped(sums.pairs, fold.pair),
    )


def _regrouped(rows: Rows, target: npt.NDArray[np.int64]) -> Rows:
    amounts: dict[str, Any] = {}
    for name in _amounts(rows):
        old: Ns = getattr(rows, name)
        to = target[: len(old)]
        amounts[name] = summed(to, old, int(to.max(initial=-1)) + 1)
    return replace(rows, **amounts)


def _amounts(rows: ThreadSums | NodeSums | PairSums) -> list[str]:
    return [field.name for field in fields(rows) if field.name.endswith("_ns")]
