"""Stalls beside exact tracing: every wait of twice the limit is in one, and none is without a long wait."""

from __future__ import annotations

import numpy as np
import pytest

from gilprof.analysis.classify.verdicts import Verdicts
from gilprof.analysis.episodes.episodes import Episodes
from gilprof.analysis.episodes.stalls import Stalls
from gilprof.analysis.episodes.values import Stall
from gilprof.facts.user_code import OwnFrames
from tests.support.episodes import Truth, true_waits, unobserved
from tests.support.figures import FLOOR, bound
from tests.support.interpreters import Interpreter, some_versions
from tests.support.watched import Watched, watched

on_some_versions = pytest.mark.parametrize("interpreter", some_versions(), ids=str)
LIMITS_NS = (8_000_000, 12_000_000, 30_000_000)
CROWDED_SHARE = 0.05
STAMPS_NS = 1_000_000
"""Exact tracing and looks may disagree by so much about where a wait ends: a thread that was woken is traced when it
gets a CPU."""


def stalls(seen: Watched, limit_ns: int) -> list[Stall]:
    definitions = seen.seen.profile.definitions
    episodes = Episodes(OwnFrames(definitions, seen.seen.profile.info.stdlib).of)
    found = Stalls(limit_ns)
    found.take(episodes.feed(Verdicts(seen.seen.passes, seen.seen.looks)))
    found.take(episodes.finish())
    found.finish()
    return [stall for stall in found.untold() if not stall.goes_on]


def waits(seen: Watched) -> Truth:
    """The true waits of all threads."""
    parts = [
        true_waits(line, *seen.seen.window, pure_python=name in seen.case.pure_python)
        for name, line in seen.lines.items()
    ]
    parts += [true_waits(line, *seen.seen.window, pure_python=False) for line in seen.others]
    return Truth(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("earliest_ns", "latest_ns", "end_ns"))
    )


@on_some_versions
@pytest.mark.parametrize("name", ["spin 3", "hold_sleep", "sort_big", "convoy", "release_sleep", "mixed_pool 2"])
def test_none_is_missed_and_none_is_made_up(name: str, interpreter: Interpreter) -> None:
    seen = watched(name, interpreter)
    truth = waits(seen)
    seen_whole = ~unobserved(truth, seen.seen.passes)
    for limit_ns in LIMITS_NS:
        found = stalls(seen, limit_ns)
        starts = np.array([stall.start_ns for stall in found], np.int64)
        ends = starts + np.array([stall.length_ns for stall in found], np.int64)
        long = truth.part(seen_whole & (truth.length_ns > 2 * limit_ns + STAMPS_NS))
        in_one = (starts[:, None] < long.end_ns) & (ends[:, None] > long.latest_ns)
        assert (~in_one.any(axis=0)).sum() <= allowed(seen, len(long.end_ns)), f"missed at {limit_ns}"
        # What may have been as long: also from the earliest moment at which it can have begun.
        some = truth.part(truth.end_ns - truth.earliest_ns > limit_ns - STAMPS_NS)
        edge_ns = 2 * STAMPS_NS
        at_edges = (starts <= seen.seen.window[0] + edge_ns) | (ends >= seen.seen.window[1] - edge_ns)
        explained = ((starts[:, None] < some.end_ns) & (ends[:, None] > some.earliest_ns)).any(axis=1)
        assert (~explained & ~at_edges).sum() <= allowed(seen, len(found)), f"made up at {limit_ns}"


def allowed(seen: Watched, count: int) -> float:
    """None; where threads lack CPUs, looks come late, and the GIL changes hands more often than they come."""
    return 0 if bound(seen.seen) == FLOOR else max(1, CROWDED_SHARE * count)
