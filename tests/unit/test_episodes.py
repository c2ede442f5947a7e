"""Waits and turns from made-up looks."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from gilprof.analysis.classify.classifier import Classifier
from gilprof.analysis.episodes.episodes import Episodes
from gilprof.analysis.episodes.histogram import BINS, RELATIVE_ERROR, bin_of, length_of, quantile_ns
from gilprof.analysis.episodes.lengths import KEYS, WORST, EpisodeTable
from gilprof.analysis.episodes.rows import NOT_KNOWN, EpisodeKind, EpisodeRows, Finished, OpenEpisodes
from gilprof.analysis.episodes.values import FOLDED, EpisodeSums, KeptEpisode
from gilprof.analysis.profile import Profile
from gilprof.model import Batch, LookFlag, PassFlag
from tests.support.facts import INFO, START_NS, Script, cut
from tests.support.load import busy

SPAN_NS = 20_000
HALF_A_DAY_NS = 12 * 3_600_000_000_000
NO_ROWS = np.empty((0, 2), np.int32)
MAIN, STEP = "main app.py:1", "step app.py:14"


def episodes(script: Script) -> EpisodeRows:
    return episodes_of([script.batch()])


def episodes_of(batches: Sequence[Batch]) -> EpisodeRows:
    classifier, found = Classifier(INFO), Episodes(lambda stacks: stacks.astype(np.int64))
    parts = [found.feed(classifier.feed(batch.passes, batch.looks)) for batch in batches]
    parts += [found.feed(classifier.finish()), found.finish()]
    return EpisodeRows.joined([part.rows for part in parts])


def spans(rows: EpisodeRows, kind: EpisodeKind, thread: int) -> list[tuple[float, float, float | None]]:
    """Start, length and error of a thread's episodes in milliseconds, without what the passes' spans add."""
    mine = rows.part((rows.kind == kind) & (rows.thread == thread))
    mine = mine.part(np.argsort(mine.start_ns))
    return [
        (
            round((start - START_NS) / 1e6, 1),
            round(length / 1e6, 1),
            None if error == NOT_KNOWN else round(error / 1e6, 1),
        )
        for start, length, error in zip(
            mine.start_ns.tolist(), mine.length_ns.tolist(), mine.error_ns.tolist(), strict=True
        )
    ]


def sums(script: Script) -> EpisodeSums:
    profile = Profile(INFO)
    profile.add(script.batch())
    profile.finish()
    return profile.sums().episodes


def one_wait() -> Script:
    """``a`` has the GIL from 1 ms on, ``b`` waits from 2 to 6 ms."""
    script = Script()
    for ms in range(9):
        script.at(ms)
        if ms >= 1:
            holder = "a" if ms < 7 else "b"
            script.holds(holder, MAIN)
        if 2 <= ms < 7:
            script.waits("b", STEP)
    return script


def test_a_wait_lies_between_the_looks_around_it() -> None:
    assert spans(episodes(one_wait()), EpisodeKind.WAIT, 1) == [(1.5, 5.0, 1.0)]


def test_a_turn_ends_where_another_thread_has_the_gil() -> None:
    rows = episodes(one_wait())
    assert spans(rows, EpisodeKind.TURN, 0) == [(0.5, 6.0, 1.0)]


def test_what_goes_on_at_the_last_pass_has_no_bounds() -> None:
    assert spans(episodes(one_wait()), EpisodeKind.TURN, 1) == [(6.5, 1.5, None)]


def test_a_hold_between_two_looks_ends_a_turn() -> None:
    script = Script()
    for ms in range(6):
        script.at(ms, switch_number=2 * (ms >= 3)).holds("a", MAIN)
    assert len(spans(episodes(script), EpisodeKind.TURN, 0)) == 2


@pytest.mark.parametrize(
    ("after", "waits"),
    [
        (lambda script: script.waits("b", STEP), 1),
        (lambda script: script.waits("b", STEP, cpu_ms=0.02), 1),
        (lambda script: script.waits("b", STEP, cpu_ms=0.3), 2),
        (lambda script: script.waits("b", MAIN, cpu_ms=0.02), 2),
    ],
    ids=["slept", "woke up", "computed", "moved"],
)
def test_after_two_switches_cpu_time_and_stack_tell(after: Callable[[Script], Script], waits: int) -> None:
    """The GIL went away and came back between two looks; was it this thread's?"""
    script = Script().at(0).holds("a", MAIN)
    for ms in range(1, 9):
        script.at(ms, switch_number=2 * (ms >= 5)).holds("a", MAIN)
        after(script) if ms == 5 else script.waits("b", STEP if ms < 5 else MAIN if waits == 2 else STEP)
    script.at(9, switch_number=2).holds("a", MAIN).blocks("b", STEP)
    found = spans(episodes(script), EpisodeKind.WAIT, 1)
    assert len(found) >= waits
    assert (len(found) == 1) == (waits == 1)


@pytest.mark.parametrize(
    ("switch_number", "last_holder", "lengths"),
    [(0, "a", [9.0]), (1, "a", [9.0]), (1, "b", [4.0, 5.0]), (0, "b", [9.0])],
    ids=["dropped", "somebody else had it", "had it", "has not had it since the look before"],
)
def test_the_last_holder_of_a_free_gil_had_it(switch_number: int, last_holder: str, lengths: list[float]) -> None:
    script = Script().at(0).holds("a", MAIN)
    for ms in range(1, 5):
        script.at(ms).holds("a", MAIN).waits("b", STEP)
    script.at(5, switch_number=switch_number)
    last = LookFlag.PYTHON | LookFlag.LAST_HOLDER
    if last_holder == "a":
        script.runs("a", MAIN, flags=last).waits("b", STEP, cpu_ms=0.1)
    else:
        script.runs("a", MAIN).waits("b", STEP, cpu_ms=0.1, flags=last)
    for ms in range(6, 10):
        script.at(ms, switch_number=switch_number + (last_holder == "b")).holds("a", MAIN).waits("b", STEP)
    script.at(10).holds("a", MAIN).blocks("b", STEP)
    assert [length for _, length, _ in spans(episodes(script), EpisodeKind.WAIT, 1)] == lengths


@pytest.mark.parametrize(
    ("flags", "span_ns", "waits"),
    [(PassFlag.TORN, 150_000, 2), (PassFlag.TORN, 20_000, 1), (0, 150_000, 1)],
    ids=["had it during the pass", "not for longer than the pass", "the GIL stood still during the pass"],
)
def test_a_hold_while_a_pass_reads(flags: int, span_ns: int, waits: int) -> None:
    """The GIL was free when the pass began; the CPU time was read after ``b`` had had it."""
    script = Script().at(0).holds("a", MAIN)
    for ms in range(1, 9):
        script.at(ms, switch_number=2 * (ms > 5), **({"flags": flags, "span_ns": span_ns} if ms == 5 else {}))
        script.runs("a", MAIN, cpu_ms=0.1) if ms == 5 else script.holds("a", MAIN)
        script.waits("b", STEP, cpu_ms=0.13 * (ms == 5))
    script.at(9, switch_number=2).holds("a", MAIN).blocks("b", STEP)
    for ends in ([], [5], [6]):
        assert len(spans(episodes_of(cut(script.batch(), ends)), EpisodeKind.WAIT, 1)) == waits


def test_nobody_else_can_have_had_it_so_the_wait_goes_on() -> None:
    """Another stack (torn) and CPU time say nothing where the switch number proves it."""
    script = Script().at(0).holds("a", MAIN)
    for ms in range(1, 5):
        script.at(ms).holds("a", MAIN).waits("b", f"step app.py:{ms}", cpu_ms=0.5)
    script.at(5).holds("a", MAIN).blocks("b", STEP)
    assert spans(episodes(script), EpisodeKind.WAIT, 1) == [(0.5, 4.0, 1.0)]


def test_a_late_pass_widens_the_bounds() -> None:
    script = Script().at(0).holds("a", MAIN).at(1).holds("a", MAIN).at(21).holds("a", MAIN).waits("b", STEP)
    for ms in (22, 23):
        script.at(ms).holds("a", MAIN).waits("b", STEP)
    script.at(24).holds("a", MAIN).blocks("b", STEP)
    assert spans(episodes(script), EpisodeKind.WAIT, 1) == [(11.0, 12.5, 10.5)]


def test_a_stopped_target_does_not_wait() -> None:
    script = Script().at(0).holds("a", MAIN)
    for ms in range(1, 4):
        script.at(ms).holds("a", MAIN).waits("b", STEP)
    script.at(1003, flags=PassFlag.STOPPED).holds("a", MAIN).waits("b", STEP)
    script.at(1004).holds("a", MAIN).waits("b", STEP).at(1005).holds("a", MAIN).blocks("b", STEP)
    assert spans(episodes(script), EpisodeKind.WAIT, 1) == [(0.5, 4.0, 1.0)]


def worst_of(found: EpisodeSums, kind: EpisodeKind) -> KeptEpisode:
    return next(each for each in found.worst if each.kind == kind)


def test_the_worst_know_culprit_and_victims() -> None:
    found = sums(one_wait())
    wait, turn = worst_of(found, EpisodeKind.WAIT), worst_of(found, EpisodeKind.TURN)
    assert wait.culprit is not None
    assert (wait.thread, wait.culprit.thread) == (1, 0)
    assert wait.culprit.ns == 5_000_000
    assert [thread for thread, _ in turn.victims] == [1]
    assert turn.victims[0][1] == pytest.approx(5e6, abs=SPAN_NS)


def test_the_line_of_a_turn_is_where_it_was_for_the_longest() -> None:
    script = Script().at(0)
    for ms in range(1, 12):
        script.at(ms).holds("a", MAIN if ms in (1, 2, 9, 10, 11) else STEP).waits("b", STEP)
    script.at(12).holds("b", STEP)
    assert worst_of(sums(script), EpisodeKind.TURN).frame == 1


def test_short_ones_are_counted_and_have_no_length() -> None:
    script = Script().at(0).holds("a", MAIN)
    for ms in range(1, 41):
        script.at(ms, switch_number=0).holds("a", MAIN)
        (script.waits if ms % 4 == 0 else script.blocks)("b", STEP)
    found = sums(script).lengths
    short = (found.kind == EpisodeKind.WAIT)[found.key]
    assert found.bin[short].tolist() == [0]
    assert found.seen[short].tolist() == [10]
    assert found.longest_ns[found.kind == EpisodeKind.WAIT].tolist() == [0]


def test_quantiles_are_within_the_stated_error() -> None:
    random = np.random.default_rng(1)
    lengths = np.exp(random.normal(16, 2, 5000)).astype(np.int64)
    counts = np.bincount(bin_of(lengths), minlength=BINS).astype(np.float64)
    for share in (0.01, 0.5, 0.9, 0.99, 1.0):
        exact = np.quantile(lengths, share, method="inverted_cdf")
        assert quantile_ns(counts, share) == pytest.approx(exact, rel=RELATIVE_ERROR + 1e-9)
    assert length_of(BINS - 1) > 366 * 86_400e9


def test_histograms_merge_by_addition() -> None:
    lengths = np.arange(1, 4000) * 10_000
    halves = [np.bincount(bin_of(part), minlength=BINS).astype(float) for part in (lengths[::2], lengths[1::2])]
    whole = np.bincount(bin_of(lengths), minlength=BINS).astype(float)
    assert quantile_ns(halves[0] + halves[1], 0.9) == quantile_ns(whole, 0.9)


def test_half_a_day_takes_no_more_memory_than_its_first_hours() -> None:
    """At 2.5 Hz, for speed: what matters is how many episodes have been seen."""
    first = next(busy(1, hz=5000, threads=4))
    count, gap_ns = len(first.passes), 400_000_000
    batches = HALF_A_DAY_NS // (count * gap_ns)
    profile, sizes = Profile(replace(INFO, asked_hz=2.5), stall_ns=5_000_000_000, spans=["Worker.step_100"]), []
    tracemalloc.start()
    try:
        for number in range(batches):
            passes = first.passes.copy()
            passes["t_ns"] = START_NS + (number * count + np.arange(count)) * gap_ns
            passes["switch_number"] += np.uint64(number * 1000)
            batch = replace(first, passes=passes)
            if number:
                batch = replace(batch, functions=(), threads=(), frames=NO_ROWS, stacks=NO_ROWS)
            profile.add(batch)
            if number % 6 == 0:
                gc.collect()  # It empties the interpreter's free lists.
                sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    sums = profile.sums()
    assert sums.last_t_ns - sums.first_t_ns > 0.99 * HALF_A_DAY_NS
    assert sums.episodes.lengths.seen.sum() > 50 * batches
    assert len(sums.episodes.worst) == 2 * WORST
    assert sums.stalls is not None
    assert sums.stalls.count > 100
    assert sums.spans[0].stays.seen > 0
    half, quarter = len(sizes) // 2, len(sizes) // 4
    assert max(sizes[-quarter:]) < 1.05 * max(sizes[:half]) + 50_000


def test_keys_beyond_the_bound_fold() -> None:
    """Waits at more lines than are kept: the longest keep their own, the rest add up to one."""
    count, none = 2 * KEYS + 1, np.zeros(2 * KEYS + 1, np.int64)
    rows = EpisodeRows(
        kind=none, thread=none, frame=np.arange(count), start_ns=np.arange(count) * 100_000_000,
        length_ns=5_000_000 + np.arange(count) * 10_000, mean_gap_ns=none + 1_000_000, error_ns=none + 1,
        origin=none, overdue_ns=none, gc_ns=none, blamed_ns=none, begin_ns=none, first_ns=none, last_ns=none,
        proven_from_ns=none, proven_ns=none,
    )  # fmt: skip
    table = EpisodeTable()
    table.add(Finished(rows, None, OpenEpisodes.none(), OpenEpisodes.none()))
    found = table.sums().lengths
    assert len(found.kind) == KEYS + 1
    assert found.seen.sum() == count
    folded = int(np.flatnonzero(found.frame == FOLDED)[0])
    assert found.seen[found.key == folded].sum() == count - KEYS
    assert min(found.longest_ns[found.frame != FOLDED]) > (1 - 2 * RELATIVE_ERROR) * rows.length_ns[count - KEYS]


def test_a_switch_number_that_cannot_be() -> None:
    """A recording may come from a stranger."""
    script = Script().at(0, switch_number=1 << 63).holds("a", MAIN).at(1, switch_number=(1 << 64) - 1).holds("a", MAIN)
    assert len(episodes(script).kind) == 2
