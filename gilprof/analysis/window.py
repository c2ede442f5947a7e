"""The last seconds of a profile: its sums now, less its sums when they began.

The sums of a profile only grow, row by row, so that the difference of two of them is what the passes in between
alone add up to. What is kept is a snapshot a second: of the tables, which have as many rows as the program has stacks
and pairs of them, it is what each second has added.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from gilprof.analysis.episodes import EpisodeSums
from gilprof.analysis.profile_sums import Fold, ProfileSums
from gilprof.analysis.sums import GilSums, NodeSums, PairSums, ThreadSums, group_sum, grown
from gilprof.facts.arrays import Ns
from gilprof.facts.batches import health_since
from gilprof.model import Health

MARK_EVERY_NS = 1_000_000_000
_NOTHING_NS = 0.5
"""Differences below this are rounding: a float64 has no more to tell."""

Table = TypeVar("Table", ThreadSums, NodeSums, PairSums)


@dataclass(frozen=True, slots=True)
class _Gained:
    """What the rows of a table have gained between two snapshots; rows that gained nothing are left out."""

    row: npt.NDArray[np.int64]
    """Row in the profile's table, each once."""
    amounts: Mapping[str, Ns]
    """By column of the table."""

    @classmethod
    def between(cls, now: Table, before: Table) -> _Gained:
        """``before``: earlier sums, rows folded alike."""
        gained = np.zeros(len(getattr(now, _amounts(now)[0])), np.bool_)
        amounts: dict[str, Ns] = {}
        for name in _amounts(now):
            by: Ns = getattr(now, name).copy()
            earlier = getattr(before, name)
            by[: len(earlier)] -= earlier
            by[by < _NOTHING_NS] = 0.0
            gained |= by.any(axis=tuple(range(1, by.ndim)))
            amounts[name] = by
        row = np.flatnonzero(gained)
        return cls(row, {name: by[row] for name, by in amounts.items()})

    def folded(self, target: npt.NDArray[np.int64]) -> _Gained:
        """With the rows that the table has now."""
        row, place = np.unique(target[self.row], return_inverse=True)
        return _Gained(row, {name: group_sum(place, by, len(row)) for name, by in self.amounts.items()})


@dataclass(frozen=True, slots=True)
class _Gains:
    """What the tables have gained between two snapshots."""

    threads: _Gained
    nodes: _Gained
    pairs: _Gained

    @classmethod
    def between(cls, now: ProfileSums, before: ProfileSums) -> _Gains:
        """``before``: earlier sums, rows folded alike."""
        return cls(
            _Gained.between(now.threads, before.threads),
            _Gained.between(now.nodes, before.nodes),
            _Gained.between(now.pairs, before.pairs),
        )

    def folded(self, fold: Fold) -> _Gains:
        """With the rows that the tables have now."""
        return _Gains(self.threads.folded(fold.thread), self.nodes.folded(fold.node), self.pairs.folded(fold.pair))


@dataclass(frozen=True, slots=True)
class _Mark:
    """A snapshot, its tables left out but for what they have gained since the mark before."""

    sums: ProfileSums
    health: Health
    gains: _Gains


class Window:
    """Remembers earlier sums, to tell what the last ``seconds`` and the time since ``reset`` add up to."""

    def __init__(self, seconds: float) -> None:
        self._span_ns = round(seconds * 1e9)
        self._marks: deque[_Mark] = deque()
        self._newest: ProfileSums | None = None
        """Those of the newest mark, or of the last reset if that came later."""
        self._start: tuple[ProfileSums, Health] | None = None

    def note(self, sums: ProfileSums, health: Health) -> None:
        """Take in the profile's sums as they are now; time does not run backwards."""
        last = self._marks[-1].sums.last_t_ns if self._marks else None
        if sums.passes and (last is None or sums.last_t_ns - last >= MARK_EVERY_NS):
            self._marks.append(_Mark(_without_tables(sums), health, _Gains.between(sums, self._newest or sums)))
            self._newest = sums
        while len(self._marks) > 1 and self._marks[1].sums.last_t_ns <= sums.last_t_ns - self._span_ns:
            self._marks.popleft()

    def reset(self, sums: ProfileSums, health: Health) -> None:
        """What came before these sums counts no more."""
        self._marks.clear()
        self._newest = sums
        self._start = (sums, health)

    def fold(self, fold: Fold) -> None:
        """The profile has folded rows together: so does what is remembered of it (``Profile.on_fold``)."""
        self._marks = deque(_Mark(mark.sums, mark.health, mark.gains.folded(fold)) for mark in self._marks)
        if self._newest is not None:
            self._newest = _folded(self._newest, fold)
        if self._start is not None:
            self._start = (_folded(self._start[0], fold), self._start[1])

    def recent(self, sums: ProfileSums, health: Health) -> tuple[ProfileSums, Health]:
        """What the last seconds up to ``sums`` add up to: the window's length, and up to a second more."""
        if self._newest is None or not self._marks or not self._full(sums):
            return since(sums, health, self._start)
        began = self._marks[0]
        gains = [*(mark.gains for mark in islice(self._marks, 1, None)), _Gains.between(sums, self._newest)]
        return _between_both(sums, health, began.sums, began.health, gains)

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
    return _between_both(sums, health, before, health_before, [_Gains.between(sums, before)])


def _between_both(
    sums: ProfileSums, health: Health, before: ProfileSums, health_before: Health, gains: Sequence[_Gains]
) -> tuple[ProfileSums, Health]:
    pairs = _together(sums.pairs, [each.pairs for each in gains])
    between = replace(
        sums,
        first_t_ns=before.last_t_ns if before.passes else sums.first_t_ns,
        **_between(sums, before, _AMOUNTS),
        gils=gils_between(sums.gils, before.gils),
        threads=_together(sums.threads, [each.threads for each in gains]),
        nodes=_together(sums.nodes, [each.nodes for each in gains]),
        pairs=pairs.part(np.flatnonzero(pairs.origin_ns.any(axis=1))),
        sections=(),
        children=grown(sums.children, before.children),
        episodes=_began_since(sums.episodes, before.last_t_ns),
    )
    return between, health_since(health_before, health)


def gils_between(now: Mapping[int, GilSums], before: Mapping[int, GilSums]) -> dict[int, GilSums]:
    """How much the sums of each GIL have grown; one that was not seen before has grown from nothing."""
    names = [field.name for field in fields(GilSums)]
    return {
        number: GilSums(**_between(gil, before[number], names)) if number in before else gil
        for number, gil in now.items()
    }


_AMOUNTS = ("observed_ns", "unobserved_ns", "stopped_ns", "passes", "spared", "torn", "running_ns", "children_ns")


def _between(now: object, before: object, names: Iterable[str]) -> dict[str, Any]:
    """How much each of these has grown; counts stay integers."""
    grown = {name: getattr(now, name) - getattr(before, name) for name in names}
    return {name: by if by >= _NOTHING_NS else 0 for name, by in grown.items()}


def _together(rows: Table, gained: Sequence[_Gained]) -> Table:
    """``rows`` with all that was ``gained`` as their amounts."""
    amounts = {name: np.zeros_like(getattr(rows, name)) for name in _amounts(rows)}
    for each in gained:
        for name, by in each.amounts.items():
            amounts[name][each.row] += by
    return replace(rows, **amounts)


def _without_tables(sums: ProfileSums) -> ProfileSums:
    """What ``_between_both`` wants of earlier sums."""
    none = np.zeros(0, np.int64)
    return replace(
        sums,
        threads=sums.threads.part(none),
        nodes=sums.nodes.part(none),
        pairs=sums.pairs.part(none),
        sections=(),
        episodes=EpisodeSums.none(),
        stalls=None,
        spans=(),
        loops=(),
    )


def _began_since(episodes: EpisodeSums, t_ns: int) -> EpisodeSums:
    """The worst ones that began since then; lengths are not counted by time, nor are sections."""
    return replace(EpisodeSums.none(), worst=tuple(each for each in episodes.worst if each.start_ns >= t_ns))


def _folded(sums: ProfileSums, fold: Fold) -> ProfileSums:
    """Sums of before a fold as its rows are now; only amounts matter, not whose they are."""
    return replace(
        sums,
        threads=_regrouped(sums.threads, fold.thread),
        nodes=_regrouped(sums.nodes, fold.node),
        pairs=_regrouped(sums.pairs, fold.pair),
    )


def _regrouped(rows: Table, target: npt.NDArray[np.int64]) -> Table:
    amounts: dict[str, Any] = {}
    for name in _amounts(rows):
        old: Ns = getattr(rows, name)
        to = target[: len(old)]
        amounts[name] = group_sum(to, old, int(to.max(initial=-1)) + 1)
    return replace(rows, **amounts)


def _amounts(rows: ThreadSums | NodeSums | PairSums) -> list[str]:
    return [field.name for field in fields(rows) if field.name.endswith("_ns")]
