"""Waits and turns beside exact tracing: each that is long enough is found, within its bounds."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from gilprof.analysis.episode_rows import NOT_KNOWN, EpisodeKind
from gilprof.analysis.episode_sums import RESOLVED_GAPS
from tests.support.episodes import episodes_of, matched, of_thread, thread_id, true_turns, true_waits, unobserved
from tests.support.figures import FLOOR, bound
from tests.support.interpreters import Interpreter, variants
from tests.support.watched import Watched, watched

every_interpreter = pytest.mark.parametrize("interpreter", variants(), ids=str)
NEAR_NS = 2_000_000
NEAR_SHARE = 0.95
CROWDED_NEAR_SHARE = 0.85
"""Where more threads are runnable than there are CPUs, of all together with those without bounds."""
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


@every_interpreter
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


@every_interpreter
@pytest.mark.parametrize(("name", "thread"), [("spin 3", "spin-0"), ("hold_sleep", "sleeper"), ("sort_big", "sort")])
def test_turns(name: str, thread: str, interpreter: Interpreter) -> None:
    check(watched(name, interpreter), thread, EpisodeKind.TURN)


@every_interpreter
def test_programmed_holds_are_the_worst_turns(interpreter: Interpreter) -> None:
    """The sleeper keeps the GIL for 20 ms at a time, more often than there are rows for the worst; the spinner has it
    for as long only where it is kept from its CPU."""
    process = watched("hold_sleep", interpreter).seen.process
    names = {thread["id"]: thread["name"] for thread in process["threads"]}
    functions = {function["id"]: function["name"] for function in process["functions"]}
    turns = [row for row in process["episodes"]["worst"] if row["kind"] == "turn"]
    assert len(turns) == 20
    holds = [row for row in turns if functions[row["function"]] == "sleep_holding"]
    assert holds
    assert all(row["seconds"] > 0.85 * 0.02 for row in turns)
    for row in holds:
        assert names[row["thread"]] == "sleeper"
        assert names[row["victims"][0]["thread"]] == "spin"
    # Its other lines have short turns, of which one may be long where the thread lost its CPU.
    line = Counter(row["line"] for row in holds).most_common(1)[0][0]
    rows = [row for row in process["episodes"]["turns"] if functions[row["function"]] == "sleep_holding"]
    (at_the_call,) = [row for row in rows if row["line"] == line]
    assert at_the_call["p50_s"] == pytest.approx(0.02, rel=0.15)
