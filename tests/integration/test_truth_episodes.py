"""Waits and turns beside exact tracing: each that is long enough is found, within its bounds."""

from __future__ import annotations

import numpy as np
import pytest

from gilprof.analysis.episodes.histogram import RELATIVE_ERROR
from gilprof.analysis.episodes.lengths import RESOLVED_GAPS, WORST
from gilprof.analysis.episodes.rows import NOT_KNOWN, EpisodeKind
from tests.support.episodes import episodes_of, matched, of_thread, thread_id, true_turns, true_waits, unobserved
from tests.support.figures import FLOOR, bound
from tests.support.interpreters import Interpreter, some_versions
from tests.support.watched import Watched, watched

on_some_versions = pytest.mark.parametrize("interpreter", some_versions(), ids=str)
NEAR_NS = 2_000_000
NEAR_SHARE = 0.95
CROWDED_NEAR_SHARE = 0.85
"""Where more threads are runnable than there are CPUs, of all together with those without bounds."""
HOLD_NS = 20_000_000
"""How long ``hold_sleep`` keeps the GIL at a time, at least."""
OUTSIDE_SHARE = 0.005
"""On a machine whose CPUs are all taken, a stretch of a thread's own tracing can be off for want of a CPU: one in
200 may lie outside."""


def check(seen: Watched, thread: str, kind: EpisodeKind) -> None:
    """The thread's true waits or turns of more than three gaps, beside what was found. Those that a late pass cuts
    into have wider bounds, which hold, but need not be near."""
    gap_ns = 1e9 / seen.case.rate_hz
    begin, end = seen.seen.window
    inside = (begin + round(RESOLVED_GAPS * gap_ns), end - round(RESOLVED_GAPS * gap_ns))
    if kind == EpisodeKind.WAIT:
        truth = true_waits(seen.lines[thread], *inside, pure_python=thread in seen.case.pure_python)
    else:
        truth = true_turns(seen.lines[thread], *inside)
    long = truth.part(truth.length_ns > RESOLVED_GAPS * gap_ns)
    assert len(long.end_ns) >= 20, "too few to tell"
    rows = of_thread(episodes_of(seen.seen), kind, thread_id(seen.seen, seen.tids[thread]))
    match = matched(long, rows)
    told = match.error_ns != NOT_KNOWN
    outside = told & ~match.within_bounds
    allowed = max(1, OUTSIDE_SHARE * len(outside))
    assert outside.sum() <= allowed, f"{outside.sum()} of {len(outside)} outside their bounds"
    observed = ~unobserved(long, seen.seen.passes)
    assert observed.sum() >= 20, "too few to tell"
    assert match.found[observed].all()
    near = match.within(NEAR_NS)
    assert near[observed & told].mean() >= NEAR_SHARE
    assert near[observed].mean() >= (NEAR_SHARE if bound(seen.seen) == FLOOR else CROWDED_NEAR_SHARE)
    assert np.median(match.error_ns[observed & told]) < NEAR_NS


@on_some_versions
@pytest.mark.parametrize(
    ("name", "thread"),
    [
        ("spin 3", "spin-0"),
        ("hold_sleep", "sleeper"),
        ("hold_sleep", "spin"),
        ("sort_big", "sort"),
        ("sort_big", "spin"),
        ("convoy", "hash"),
        ("release_sleep", "sleeper"),
    ],
)
def test_waits(name: str, thread: str, interpreter: Interpreter) -> None:
    check(watched(name, interpreter), thread, EpisodeKind.WAIT)


@on_some_versions
@pytest.mark.parametrize(("name", "thread"), [("spin 3", "spin-0"), ("hold_sleep", "sleeper"), ("sort_big", "sort")])
def test_turns(name: str, thread: str, interpreter: Interpreter) -> None:
    check(watched(name, interpreter), thread, EpisodeKind.TURN)


@on_some_versions
def test_programmed_holds_are_the_worst_turns(interpreter: Interpreter) -> None:
    """The sleeper keeps the GIL for 20 ms at a time. The spinner keeps the sleeper waiting for as long only where it is
    itself kept from its CPU: how often, exact tracing tells."""
    seen = watched("hold_sleep", interpreter)
    process = seen.seen.process
    names = {thread["id"]: thread["name"] for thread in process["threads"]}
    functions = {function["id"]: function["name"] for function in process["functions"]}
    turns = [row for row in process["episodes"]["worst"] if row["kind"] == "turn"]
    assert len(turns) == WORST
    holds = [row for row in turns if functions[row["function"]] == "sleep_holding"]
    others = [row for row in turns if row not in holds]
    # The main thread may still be on its way back from telling the test that all is ready, and be kept waiting too.
    by_spin = [row for row in others if "MainThread" not in {names[victim["thread"]] for victim in row["victims"]}]
    waits = true_waits(seen.lines["sleeper"], *seen.seen.window, pure_python=False)
    assert len(by_spin) <= (waits.end_ns - waits.earliest_ns > HOLD_NS - NEAR_NS).sum()
    for row in holds:
        assert names[row["thread"]] == "sleeper"
        assert names[row["victims"][0]["thread"]] == "spin"


@on_some_versions
def test_turns_of_a_line_are_as_long_as_they_were(interpreter: Interpreter) -> None:
    """The line where the sleeper keeps the GIL has nearly all of its turns; other lines have the few that are too short
    to be seen there."""
    seen = watched("hold_sleep", interpreter)
    process = seen.seen.process
    functions = {function["id"]: function["name"] for function in process["functions"]}
    rows = [row for row in process["episodes"]["turns"] if functions[row["function"]] == "sleep_holding"]
    holds = max(rows, key=lambda row: row["count"])
    truth = true_turns(seen.lines["sleeper"], *seen.seen.window).length_ns
    held = truth[truth >= HOLD_NS]
    assert len(held) >= 20, "too few to tell"
    assert holds["p50_s"] == pytest.approx(np.median(held) / 1e9, rel=RELATIVE_ERROR, abs=NEAR_NS / 1e9)
