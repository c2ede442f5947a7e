"""How much time each pass stands for, and how much of it each thread spent on a CPU."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gilprof.analysis.classify.running import carried, running_max, running_sum, shifted
from gilprof.facts.arrays import Floats
from gilprof.facts.by_thread import by_thread
from gilprof.facts.columns import Columns
from gilprof.facts.passes import begins_pass
from gilprof.model import SCHEDSTAT_UNREADABLE, TIMESLICES_UNREADABLE, LookArray, PassArray, PassFlag

LATE_GAPS = 3.0
"""A pass this many mean gaps after the one before is late: what lies between was not observed."""
LIMIT_PASSES = 8
LIMIT_FEWEST = 2
LONG_PASS_NS = 500_000.0
GAP_OF_PASSES = 2.0
"""The sampler's own limit on its rate, native/src/rate_limit.h: the shortest of the last ``LIMIT_PASSES`` passes, of
``LIMIT_FEWEST`` at least, from ``LONG_PASS_NS`` on takes one part in ``GAP_OF_PASSES`` of the time."""

TICK_NS = 10_000_000.0
"""By so much the account of a thread on a CPU may lag: it grows at the scheduler's tick (CONFIG_HZ is 100 or more)."""
_COLUMNS = {
    "cpu_ns": SCHEDSTAT_UNREADABLE,
    "queued_ns": SCHEDSTAT_UNREADABLE,
    "timeslices": TIMESLICES_UNREADABLE,
}
_NANOSECONDS = ("cpu_ns", "queued_ns")


@dataclass(frozen=True, slots=True)
class PassWeights(Columns):
    """(P,) nanoseconds each; ``gap`` = ``weight`` + ``unobserved``; ``stopped`` is part of ``unobserved``; ``aimed`` is
    the mean gap that the sampler aimed at."""

    gap: Floats
    weight: Floats
    unobserved: Floats
    stopped: Floats
    aimed: Floats


class PassClock:
    """Weighs passes by the gap before them, never by the one after: a late sampler gets its CPU when
    somebody blocks, so the gap after it is no sample of what it saw."""

    def __init__(self, mean_gap_ns: float) -> None:
        self._mean_gap_ns = mean_gap_ns
        self._last_t_ns: int | None = None
        self._last_spans_ns = np.full(LIMIT_PASSES, np.inf)
        self._passes = 0

    def weigh(self, passes: PassArray) -> PassWeights:
        """(P,) the weights of the next rows, those of a pass all the same; the very first pass has no gap before it and
        weighs nothing."""
        begins = begins_pass(passes)
        if begins.all():
            return self._weigh(passes)
        first = np.flatnonzero(begins)
        whole = passes[first].copy()
        whole["span_ns"] = np.maximum.reduceat(passes["span_ns"], first)
        return self._weigh(whole).part(np.cumsum(begins) - 1)

    def _weigh(self, passes: PassArray) -> PassWeights:
        """The weights of passes of a row each."""
        t = passes["t_ns"].astype(np.int64)
        if self._last_t_ns is None and len(t):
            self._last_t_ns = int(t[0])
        before = self._last_t_ns or 0
        self._last_t_ns = int(t[-1]) if len(t) else self._last_t_ns
        gap = np.maximum(np.diff(t, prepend=before), 0).astype(np.float64)
        stopped = (passes["flags"] & PassFlag.STOPPED) != 0
        mean_gap_ns = self._mean_gaps(passes)
        weight = np.where(gap >= LATE_GAPS * mean_gap_ns, mean_gap_ns, gap)
        weight[stopped] = 0.0
        unobserved = gap - weight
        return PassWeights(gap, weight, unobserved, np.where(stopped, gap, 0.0), mean_gap_ns)

    def _mean_gaps(self, passes: PassArray) -> Floats:
        """(P,) what the sampler aimed at before each pass, in nanoseconds."""
        spans_ns = np.append(self._last_spans_ns, passes["span_ns"])
        shortest = np.lib.stride_tricks.sliding_window_view(spans_ns, LIMIT_PASSES).min(axis=1)[: len(passes)]
        before = self._passes + np.arange(len(passes))
        limited = (before >= LIMIT_FEWEST) & (shortest >= LONG_PASS_NS)
        self._last_spans_ns = spans_ns[-LIMIT_PASSES:]
        self._passes += len(passes)
        derived = np.where(limited, np.maximum(self._mean_gap_ns, GAP_OF_PASSES * shortest), self._mean_gap_ns)
        return np.where(passes["gap_ns"] > 0, passes["gap_ns"].astype(np.float64), derived)


class KernelAccount:
    """Growth of each thread's schedstat from look to look."""

    def __init__(self) -> None:
        self._known = np.zeros(0, np.bool_)
        self._last = {name: np.zeros(0, np.uint64) for name in _COLUMNS}
        self._changed_ns = {name: np.zeros(0) for name in _NANOSECONDS}
        """When each thread's account was last seen to have grown."""
        self._ahead_ns = {name: np.zeros(0) for name in _NANOSECONDS}
        """By how much the growth so far exceeds the time that the thread was observed; negative: it lags behind."""

    def repaired(self, looks: LookArray) -> LookArray:
        """``looks`` with accounts that never shrink: one that could not be read, or that goes back (so a failed read
        stood in earlier recordings), is the thread's account of the look before."""
        self._grow(int(looks["thread"].max(initial=-1)) + 1)
        order = by_thread(looks["thread"])
        ids = looks["thread"][order]
        first = np.diff(ids, prepend=-1) != 0
        out = looks
        for name, unreadable in _COLUMNS.items():
            values = looks[name][order]
            last = self._last[name][ids]
            shrinks = values < np.where(first, last, np.append(0, values[:-1]))
            wrong = np.flatnonzero(shrinks | (values == unreadable))
            if len(wrong) == 0:
                continue
            out = looks.copy() if out is looks else out
            values = np.where(values == unreadable, 0, values)
            bounds = np.append(np.flatnonzero(first), len(ids))
            for segment in np.unique(np.searchsorted(bounds, wrong, side="right")):
                rows = slice(bounds[segment - 1], bounds[segment])
                known = np.maximum(values[rows], last[rows].astype(values.dtype))
                values[rows] = np.maximum.accumulate(known)
            out[name][order] = values
        return out

    def growth(
        self, looks: LookArray, weights: PassWeights, pass_row: npt.NDArray[np.int64], t_ns: npt.NDArray[np.int64]
    ) -> tuple[Floats, Floats]:
        """(cpu_ns, queued_ns) of each look, over its pass's weight. ``looks``: repaired; ``t_ns``: when each was taken.

        Of a gap that is only partly observed, the growth counts in proportion. A thread's first look has
        the little that it has used since it began, at most its weight. What the clock forbids is left out: an account
        grows by no more than the time since it last grew, and in all by no more than the thread was observed for, plus
        the ``TICK_NS`` that it may lag behind.
        """
        thread = looks["thread"]
        self._grow(int(thread.max(initial=-1)) + 1)
        order = by_thread(thread)
        ids = thread[order]
        first = np.diff(ids, prepend=-1) != 0
        ends = np.flatnonzero(np.append(first[1:], True)) if len(ids) else np.zeros(0, np.int64)
        gap, weight = weights.gap[pass_row[order]], weights.weight[pass_row[order]]
        at_ns = t_ns[order].astype(np.float64)
        observed = np.divide(weight, gap, out=np.zeros_like(gap), where=gap > 0)
        new = first & ~self._known[ids]

        def grown(name: str) -> Floats:
            values = looks[name][order].astype(np.float64)
            before = np.where(first, self._last[name][ids].astype(np.float64), np.append(0.0, values[:-1]))
            delta = np.maximum(values - before, 0.0)
            changed_ns = carried(np.where((delta > 0) | new, at_ns, np.nan), first, self._changed_ns[name][ids])
            since_ns = at_ns - shifted(changed_ns, first, self._changed_ns[name][ids])
            delta = np.minimum(delta, since_ns + TICK_NS) * observed
            delta[new] = np.minimum(values, weight)[new]
            ahead_ns = running_sum(delta - weight, first, np.where(new, 0.0, self._ahead_ns[name][ids]))
            over_ns = running_max(np.maximum(ahead_ns - TICK_NS, 0.0), first)
            delta -= np.where(first, over_ns, np.diff(over_ns, prepend=0.0))
            self._last[name][ids[ends]] = looks[name][order][ends]
            self._changed_ns[name][ids[ends]] = changed_ns[ends]
            self._ahead_ns[name][ids[ends]] = (ahead_ns - over_ns)[ends]
            out: Floats = np.empty_like(delta)
            out[order] = delta
            return out

        cpu, queued = grown("cpu_ns"), grown("queued_ns")
        self._last["timeslices"][ids[ends]] = looks["timeslices"][order][ends]
        self._known[ids] = True
        return cpu, queued

    def forget(self, threads: npt.NDArray[np.int64]) -> None:
        """Other threads will come under these numbers."""
        seen = threads[threads < len(self._known)]
        self._known[seen] = False
        for values in self._last.values():
            values[seen] = 0

    def _grow(self, size: int) -> None:
        if size <= len(self._known):
            return
        extra = max(size, 2 * len(self._known)) - len(self._known)
        self._known = np.append(self._known, np.zeros(extra, np.bool_))
        for name, accounts in self._last.items():
            self._last[name] = np.append(accounts, np.zeros(extra, np.uint64))
        for times in (self._changed_ns, self._ahead_ns):
            for name in times:
                times[name] = np.append(times[name], np.zeros(extra))
