"""Stays: runs of a thread's looks with one key, such as having one function on the stack, and what it did meanwhile.

A stay began between the look before it and its first one, and ended between its last look and the one behind it; start
and length are taken as for other episodes (``episodes.py``). Two stays without a look between them are
one. A look whose stack could not be read belongs to the stay around it.

A pure function of the verdicts, whatever the batches they come in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gilprof.analysis.classify import Verdicts
from gilprof.analysis.episodes.rows import NOT_KNOWN
from gilprof.facts.arrays import Bools, Rows
from gilprof.model import UNREADABLE, State

OUTSIDE = -1
"""As a look's key: in no stay."""
CARRIED = -2
"""As a look's key: in the stay that its thread was in at the look before, if any."""

HolderAt = tuple[int, int]
"""A thread's row and an own frame."""
FramesOf = Callable[[npt.NDArray[np.integer]], Rows]


@dataclass(slots=True)
class Stay:
    """One stay that is over; nanoseconds."""

    thread: int
    key: int
    start_ns: int
    """CLOCK_MONOTONIC."""
    begin_ns: int
    """The start, on a clock that stands still while the target is stopped."""
    edge_ns: int
    """The start is at most so much off; ``NOT_KNOWN``: it began before the first pass."""
    last_ns: int
    mean_gap_ns: float
    """Between passes, as it was aimed at by then."""
    states_ns: npt.NDArray[np.float64]
    """(6,) by State, of observed time."""
    length_ns: int = 0
    error_ns: int = NOT_KNOWN
    frames: dict[int, float] = field(default_factory=dict)
    """Own frames that it was at, with their time."""
    waited_for: dict[HolderAt, float] = field(default_factory=dict)
    """Who had the GIL while it waited, and how long."""

    def longest_frame(self) -> int:
        """The own frame with the most time."""
        return max(self.frames, key=self.frames.__getitem__, default=UNREADABLE)


class OpenStays:
    """Follows the stays of all threads; remembers those under way at the last pass."""

    def __init__(self, frames_of: FramesOf) -> None:
        self._frames_of = frames_of
        self._open: dict[int, Stay] = {}
        self._stopped_ns = 0
        self._last: int | None = None
        """The last pass, less the time stopped."""

    def feed(self, verdicts: Verdicts, keys: Rows) -> list[Stay]:
        """Take in the next looks with their keys; the stays that are over."""
        passes, looks = verdicts.passes, verdicts.looks
        if len(passes.t_ns) == 0:
            return []
        begins = np.flatnonzero(passes.begins)
        t_ns, mean_gap_ns = passes.t_ns[begins], passes.mean_gap_ns[begins]
        stopped_ns = self._stopped_ns + np.cumsum(passes.stopped_ns[begins].astype(np.int64))
        clock_ns = np.append(t_ns[0] if self._last is None else self._last, t_ns - stopped_ns)
        pass_number = (np.cumsum(passes.begins) - 1)[looks.pass_row]
        order = np.argsort(looks.thread, kind="stable")
        threads = looks.thread.astype(np.int64)
        keys = self._carried(keys[order], threads[order], pass_number[order])
        inside = keys >= 0
        rows, keys = order[inside], keys[inside]
        thread, row = threads[rows], pass_number[rows] + 1
        first, last = self._runs(thread, row, keys)

        ended = self._end_others(set(thread[first[row[first] == 1]].tolist()), int(clock_ns[1]))
        weight_ns = passes.weight_ns[looks.pass_row[rows]]
        run = np.repeat(np.arange(len(first)), last - first + 1)
        states_ns = np.zeros((len(first), len(State)))
        np.add.at(states_ns, (run, looks.state[rows]), weight_ns)
        frames, weights_ns = self._frames_of(looks.stack[rows]).tolist(), weight_ns.tolist()
        for number, (begin, end) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
            at, number_of = int(row[begin]), int(thread[begin])
            stay = self._open.pop(number_of, None) if at == 1 else None
            if stay is not None and stay.key != int(keys[begin]):
                ended.append(_over(stay, int(clock_ns[1])))
                stay = None
            if stay is None:
                seen = at > 1 or self._last is not None
                edge_ns = (int(clock_ns[at]) - int(clock_ns[at - 1]) + 1) // 2
                begin_ns = int(clock_ns[at - 1]) + edge_ns
                start_ns = begin_ns + int(stopped_ns[at - 1])
                stay = Stay(
                    number_of,
                    int(keys[begin]),
                    start_ns,
                    begin_ns,
                    edge_ns if seen else NOT_KNOWN,
                    0,
                    0.0,
                    np.zeros(len(State)),
                )
            stay.last_ns = int(clock_ns[row[end]])
            stay.mean_gap_ns = float(mean_gap_ns[row[end] - 1])
            stay.states_ns += states_ns[number]
            for frame, ns in zip(frames[begin : end + 1], weights_ns[begin : end + 1], strict=True):
                stay.frames[frame] = stay.frames.get(frame, 0.0) + ns
            if states_ns[number, State.WAITING] > 0:
                self._add_waits(stay, verdicts, rows[begin : end + 1])
            if row[end] < len(clock_ns) - 1:
                ended.append(_over(stay, int(clock_ns[row[end] + 1])))
            else:
                self._open[number_of] = stay
        self._stopped_ns, self._last = int(stopped_ns[-1]), int(clock_ns[-1])
        return ended

    def finish(self) -> list[Stay]:
        """What is under way: it lasted at least until the last look. Nothing follows."""
        ended, self._open = [_cut(stay) for stay in self._open.values()], {}
        return ended

    def regroup(self, target: Rows) -> list[Stay]:
        """Threads have other rows from now on; the stays of those that have ended are over."""
        gone = [row for row in self._open if target[row] != row]
        return [_cut(self._open.pop(row)) for row in gone]

    def _carried(self, keys: Rows, thread: Rows, row: Rows) -> Rows:
        """``keys`` with the keys of the looks before in the place of ``CARRIED``; sorted by thread."""
        keys = keys.copy()
        for at in np.flatnonzero(keys == CARRIED).tolist():
            if at and thread[at] == thread[at - 1]:
                keys[at] = keys[at - 1] if row[at] == row[at - 1] + 1 else OUTSIDE
            else:
                stay = self._open.get(int(thread[at])) if row[at] == 0 else None
                keys[at] = OUTSIDE if stay is None else stay.key
        return keys

    def _runs(self, thread: Rows, row: Rows, keys: Rows) -> tuple[Rows, Rows]:
        """First and last of each run of looks at successive passes with one thread and key."""
        goes_on: Bools = np.zeros(len(thread), np.bool_)
        goes_on[1:] = (thread[1:] == thread[:-1]) & (row[1:] == row[:-1] + 1) & (keys[1:] == keys[:-1])
        first = np.flatnonzero(~goes_on)
        return first, np.append(first[1:], len(thread))[: len(first)] - 1

    def _end_others(self, still: set[int], clock_ns: int) -> list[Stay]:
        """Those under way whose threads are not inside at the first of the new passes, at ``clock_ns``."""
        gone = [row for row in self._open if row not in still]
        return [_over(self._open.pop(row), clock_ns) for row in gone]

    def _add_waits(self, stay: Stay, verdicts: Verdicts, rows: Rows) -> None:
        """Add to ``waited_for`` what the waiting ones of these looks waited for."""
        passes, looks = verdicts.passes, verdicts.looks
        at = looks.pass_row[rows[looks.state[rows] == State.WAITING]]
        at = at[passes.holder[at] >= 0]
        holder = passes.holder[at]
        frames = self._frames_of(looks.stack[holder])
        for thread, frame, ns in zip(
            looks.thread[holder].tolist(), frames.tolist(), passes.weight_ns[at].tolist(), strict=True
        ):
            stay.waited_for[thread, frame] = stay.waited_for.get((thread, frame), 0.0) + ns


def _over(stay: Stay, next_ns: int) -> Stay:
    """``stay`` with its length: not there any more at the pass at ``next_ns``."""
    edge_ns = (next_ns - stay.last_ns + 1) // 2
    stay.length_ns = max(stay.last_ns + edge_ns - stay.begin_ns, 0)
    stay.error_ns = NOT_KNOWN if stay.edge_ns == NOT_KNOWN else stay.edge_ns + edge_ns
    return stay


def _cut(stay: Stay) -> Stay:
    """``stay`` as far as it was seen."""
    stay.length_ns = max(stay.last_ns - stay.begin_ns, 0)
    return stay
