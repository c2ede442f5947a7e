"""What is kept of episodes: counts of their lengths by thread and own frame, and the worst ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gilprof.analysis.episodes.histogram import BELOW, BINS, bin_of, length_of
from gilprof.analysis.episodes.rows import EpisodeKind, Finished
from gilprof.analysis.episodes.values import FOLDED, EpisodeSums, KeptEpisode, LengthSums
from gilprof.analysis.sums import PairIds, SumTable
from gilprof.facts.arrays import Bools, Rows

WORST = 20
"""Episodes of each kind that are kept one by one: the longest waits, and the turns that others waited for most."""
KEYS = 2000
"""Threads' own frames that have counts of their own; beyond twice as many, those with the shortest total fold into
one a thread."""
RESOLVED_GAPS = 3
"""An episode this many gaps long has a length; of a shorter one only its number counts."""
LEAST_CHANCE = 0.1
"""Of being seen: what was hardly ever seen is not multiplied beyond this."""


class EpisodeTable:
    """Sums up episodes; bounded by ``KEYS`` and the number of threads."""

    def __init__(self) -> None:
        self._keys = PairIds()
        self._longest = np.zeros(64, np.int64)
        self._cells = PairIds()
        self._counts = SumTable(2)
        self._worst: dict[EpisodeKind, list[KeptEpisode]] = {kind: [] for kind in EpisodeKind}

    def add(self, finished: Finished) -> None:
        """Take in episodes that have ended."""
        rows = finished.rows
        if len(rows.kind) == 0:
            return
        gap_ns = np.maximum(rows.mean_gap_ns, rows.error_ns)
        resolved = rows.length_ns >= RESOLVED_GAPS * gap_ns
        bins = np.where(resolved, bin_of(rows.length_ns), BELOW)
        chance = np.clip(rows.length_ns / rows.mean_gap_ns, LEAST_CHANCE, 1.0)
        keys = self._keys.number(2 * rows.thread + rows.kind, rows.frame + 1)
        cells = self._cells.number(keys, bins)
        self._counts.add_column(cells, 0, np.ones(len(cells)))
        self._counts.add_column(cells, 1, 1 / chance)
        if len(self._keys) > len(self._longest):
            self._longest = np.append(self._longest, np.zeros(len(self._keys), np.int64))
        np.maximum.at(self._longest, keys[resolved], rows.length_ns[resolved])
        harm_ns = np.where(rows.kind == EpisodeKind.WAIT, rows.length_ns, rows.blamed_ns)
        for kind in EpisodeKind:
            self._add_worst(finished, kind, harm_ns, resolved)
        if len(self._keys) > 2 * KEYS:
            self._fold()

    def merge(self, target: Rows) -> None:
        """Give each thread row's episodes to its target row."""
        kind, thread, frame = self._key_columns()
        self._rekey(kind, target[thread], frame)
        for kept in self._worst.values():
            kept[:] = [_moved(worst, target) for worst in kept]

    def sums(self) -> EpisodeSums:
        """A snapshot."""
        kind, thread, frame = self._key_columns()
        key, bins = self._cells.pairs()
        counts = self._counts.first(len(self._cells))
        worst = [worst for kept in self._worst.values() for worst in reversed(kept)]
        lengths = LengthSums(
            kind, thread, frame, self._longest[: len(kind)].copy(), key, bins, counts[:, 0], counts[:, 1]
        )
        return EpisodeSums(lengths, tuple(worst))

    def _add_worst(self, finished: Finished, kind: EpisodeKind, harm_ns: Rows, resolved: Bools) -> None:
        rows, kept = finished.rows, self._worst[kind]
        least_ns = kept[0].harm_ns if len(kept) == WORST else 1
        candidates = np.flatnonzero((rows.kind == kind) & resolved & (harm_ns >= least_ns))
        order = np.lexsort((rows.thread[candidates], rows.start_ns[candidates], -harm_ns[candidates]))
        for row in candidates[order[:WORST]].tolist():
            rank = (int(harm_ns[row]), -int(rows.start_ns[row]), -int(rows.thread[row]))
            if len(kept) == WORST and rank <= kept[0].rank:
                continue
            worst = KeptEpisode(
                kind=kind,
                harm_ns=int(harm_ns[row]),
                start_ns=int(rows.start_ns[row]),
                length_ns=int(rows.length_ns[row]),
                error_ns=int(rows.error_ns[row]),
                thread=int(rows.thread[row]),
                frame=int(rows.frame[row]),
                origin=int(rows.origin[row]),
                overdue_ns=int(rows.overdue_ns[row]),
                gc_ns=int(rows.gc_ns[row]),
                culprit=finished.culprit(row) if kind == EpisodeKind.WAIT else None,
                victims=finished.victims(row) if kind == EpisodeKind.TURN else (),
            )
            kept.append(worst)
            kept.sort(key=lambda each: each.rank)
            del kept[:-WORST]

    def _fold(self) -> None:
        """Fold the keys with the shortest total length into one frame a thread."""
        kind, thread, frame = self._key_columns()
        key, bins = self._cells.pairs()
        length_ns = np.array([length_of(number) for number in range(BINS)])[bins]
        total = np.bincount(key, length_ns * self._counts.first(len(key))[:, 0], minlength=len(kind))
        least = np.argsort(-total, kind="stable")[KEYS:]
        frame[least] = FOLDED
        self._rekey(kind, thread, frame)

    def _rekey(self, kind: Rows, thread: Rows, frame: Rows) -> None:
        """Give each key these columns; those that are the same by now become one."""
        key, bins = self._cells.pairs()
        count = len(kind)
        self._keys = PairIds()
        number = self._keys.number(2 * thread + kind, frame + 1)
        longest = np.zeros(max(len(self._keys), 64), np.int64)
        np.maximum.at(longest, number, self._longest[:count])
        self._longest, self._cells = longest, PairIds()
        cells = self._cells.number(number[key], bins)
        self._counts.regroup(cells, len(self._cells))

    def _key_columns(self) -> tuple[Rows, Rows, Rows]:
        """Kind, thread row and own frame of each key."""
        thread_kind, frame = self._keys.pairs()
        return thread_kind & 1, thread_kind >> 1, frame - 1


def _moved(worst: KeptEpisode, target: Rows) -> KeptEpisode:
    """``worst`` with its threads' target rows."""
    culprit = worst.culprit
    if culprit is not None:
        culprit = replace(culprit, thread=int(target[culprit.thread]))
    victims = tuple((int(target[thread]), ns) for thread, ns in worst.victims)
    return replace(worst, thread=int(target[worst.thread]), culprit=culprit, victims=victims)
