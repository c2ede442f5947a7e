"""Episodes of an observation beside those of the exact oracle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gilprof.analysis.classify.verdicts import PassVerdicts, Verdicts
from gilprof.analysis.episodes.episodes import Episodes
from gilprof.analysis.episodes.rows import EpisodeKind, EpisodeRows
from gilprof.facts.user_code import OwnFrames
from tests.oracle import OracleState
from tests.support.observed import Observation
from tests.support.timeline import WAITING, Timeline

Ns = npt.NDArray[np.int64]
AT_ONCE_NS = 20_000


def episodes_of(seen: Observation) -> EpisodeRows:
    """Every episode, with the source's thread ids; bounded only by the observation."""
    episodes = Episodes(OwnFrames(seen.profile.definitions, seen.profile.info.stdlib).of)
    ended = episodes.feed(Verdicts(seen.passes, seen.looks)).rows
    return EpisodeRows.joined([ended, episodes.finish().rows])


def thread_id(seen: Observation, tid: int) -> int:
    """The source's number of the latest thread with this tid."""
    return max(thread.id for thread in seen.profile.definitions.threads.values() if thread.tid == tid)


def of_thread(rows: EpisodeRows, kind: EpisodeKind, thread: int) -> EpisodeRows:
    """One thread's episodes of one kind, in the order of time."""
    mine = rows.part((rows.kind == kind) & (rows.thread == thread))
    return mine.part(np.argsort(mine.start_ns, kind="stable"))


@dataclass(frozen=True, slots=True)
class Truth:
    """What really was, by the oracle: CLOCK_MONOTONIC. A wait that begins inside drop_gil, queued for a CPU, began
    somewhere between ``earliest_ns`` and ``latest_ns``."""

    earliest_ns: Ns
    latest_ns: Ns
    end_ns: Ns

    def part(self, rows: npt.NDArray[np.bool_]) -> Truth:
        return Truth(self.earliest_ns[rows], self.latest_ns[rows], self.end_ns[rows])

    @property
    def length_ns(self) -> Ns:
        """At least so long."""
        return self.end_ns - self.latest_ns


def true_waits(line: Timeline, begin_ns: int, end_ns: int, pure_python: bool) -> Truth:
    """Every wait of the thread that lies inside this time.

    A thread that never calls anything without the GIL waits whenever it does not have it.
    """
    if pure_python:
        waits, in_drop = ~line.is_in(OracleState.HELD), np.zeros(len(line.t_ns) - 1, np.bool_)
    else:
        waits, in_drop = line.is_in(*WAITING), line.is_in(OracleState.DROP)
        # Made to drop the GIL, it asks for it at once: no call lies in between.
        at_once = line.is_in(OracleState.OFF) & (np.diff(line.t_ns) < AT_ONCE_NS)
        waits[1:-1] |= at_once[1:-1] & waits[:-2] & waits[2:]
        in_drop[1:] |= at_once[1:] & in_drop[:-1]
    waits = np.append(waits, False)
    starts = np.flatnonzero(waits & ~np.append(False, waits[:-1]))
    ends = np.flatnonzero(~waits & np.append(False, waits[:-1]))
    truth = Truth(line.t_ns[starts], line.t_ns[starts + in_drop[starts]], line.t_ns[ends])
    inside = (truth.earliest_ns > begin_ns) & (truth.end_ns < end_ns)
    return truth.part(inside)


def unobserved(truth: Truth, passes: PassVerdicts) -> npt.NDArray[np.bool_]:
    """Which of these overlap or border on a gap that was not observed."""
    late = np.flatnonzero(passes.unobserved_ns > 0)
    begins = passes.t_ns[late - 1]
    before = np.searchsorted(begins, truth.end_ns) - 1
    out: npt.NDArray[np.bool_] = (before >= 0) & (np.append(passes.t_ns[late], 0)[before] >= truth.earliest_ns)
    return out


@dataclass(frozen=True, slots=True)
class Match:
    """The truth of one kind beside the episode that overlaps each most; nanoseconds."""

    found: npt.NDArray[np.bool_]
    start_off_ns: Ns
    length_off_ns: Ns
    error_ns: Ns

    @property
    def within_bounds(self) -> npt.NDArray[np.bool_]:
        return (self.start_off_ns <= self.error_ns) & (self.length_off_ns <= self.error_ns)

    def within(self, ns: float) -> npt.NDArray[np.bool_]:
        return (self.start_off_ns <= ns) & (self.length_off_ns <= ns)


def matched(truth: Truth, rows: EpisodeRows) -> Match:
    """``rows``: of one thread and kind, in the order of time, with known errors."""
    start, end = rows.start_ns, rows.start_ns + rows.length_ns
    count = len(truth.end_ns)
    found, start_off, length_off, error = np.zeros(count, bool), *np.zeros((3, count), np.int64)
    for row in range(count):
        earliest, latest, over = truth.earliest_ns[row], truth.latest_ns[row], truth.end_ns[row]
        first, last = np.searchsorted(end, earliest), np.searchsorted(start, over)
        if first >= last:
            continue
        overlap = np.minimum(end[first:last], over) - np.maximum(start[first:last], earliest)
        best = first + int(overlap.argmax())
        nearest = np.clip(start[best], earliest, latest)
        found[row] = True
        start_off[row] = abs(start[best] - nearest)
        length_off[row] = abs(rows.length_ns[best] - (over - nearest))
        error[row] = rows.error_ns[best]
    return Match(found, start_off, length_off, error)


def true_turns(line: Timeline, begin_ns: int, end_ns: int) -> Truth:
    """Every stretch inside this time in which the thread had the GIL."""
    held = np.flatnonzero(line.is_in(OracleState.HELD))
    truth = Truth(line.t_ns[held], line.t_ns[held], line.t_ns[held + 1])
    return truth.part((truth.earliest_ns > begin_ns) & (truth.end_ns < end_ns))
