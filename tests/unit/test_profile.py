"""Sums of made-up looks, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gilprof.analysis.profile import Profile
from gilprof.analysis.profile_sums import ProfileSums
from gilprof.analysis.sums.thread_rows import ENDED_ROWS, name_pattern
from gilprof.analysis.sums.values import HANDOVER, TORN
from gilprof.model import UNREADABLE, Batch, PassFlag, State
from tests.support.facts import INFO, SLEEP, Script, cut

HOME = "work app.py:10"


def summed(script: Script) -> tuple[Profile, ProfileSums]:
    profile = Profile(INFO)
    profile.add(script.batch())
    profile.finish()
    return profile, profile.sums()


def test_empty_profile() -> None:
    sums = Profile(INFO).sums()
    assert sums.passes == 0
    assert sums.observed_ns == 0.0
    assert sums.threads.states_ns.shape == (0, len(State))
    assert sums.nodes.states_ns.shape == (0, len(State))
    assert sums.pairs.origin_ns.shape == (0, 3)


def test_who_waits_for_whom() -> None:
    script = Script().at(0).holds("a", HOME).waits("b", HOME).waits("c", HOME)
    script.at(1).holds("a", HOME).waits("b", HOME).waits("c", HOME)
    script.at(2).holds("a", HOME, syscall=SLEEP).waits("b", HOME).blocks("c", HOME)
    script.at(3).waits("b", HOME).blocks("a", HOME).blocks("c", HOME)
    script.at(4, holder=UNREADABLE, flags=PassFlag.LOCKED).waits("b", HOME).blocks("a", HOME).blocks("c", HOME)
    _, sums = summed(script)
    (gil,) = sums.gils.values()
    assert (gil.held_ns, gil.held_blocked_ns, gil.handover_ns, gil.torn_ns) == (1e6, 1e6, 1e6, 1e6)
    assert (gil.contended_ns, gil.waiting_ns) == (4e6, 5e6)
    assert list(sums.threads.blamed_ns) == [3e6, 0, 0]
    assert list(sums.threads.blocking_ns) == [2e6, 0, 0]
    by_holder = {int(h): 0.0 for h in sums.pairs.holder}
    for holder, origin_ns in zip(sums.pairs.holder, sums.pairs.origin_ns, strict=True):
        by_holder[int(holder)] += origin_ns.sum()
    assert by_holder[HANDOVER] == by_holder[TORN] == 1e6
    assert sum(by_holder.values()) == gil.waiting_ns


def test_holder_that_no_look_shows() -> None:
    """The pass names a holder beyond the threads that it saw."""
    script = Script().at(0, holder=UNREADABLE, flags=PassFlag.LOCKED).waits("b", HOME)
    script.at(1, holder=UNREADABLE, flags=PassFlag.LOCKED).waits("b", HOME)
    assert summed(script)[1].gils[0].torn_ns == 1e6


def test_running_counts_python_threads_that_compute() -> None:
    script = Script().at(0).holds("a", HOME).runs("b", HOME).runs("n", flags=0)
    script.at(1).holds("a", HOME).runs("b", HOME, cpu_ms=1).runs("n", flags=0)
    _, sums = summed(script)
    assert sums.running_ns == 2e6
    assert list(sums.threads.python) == [True, True, False]


def test_switches_are_the_interpreters_own_count() -> None:
    script = Script().at(0, switch_number=100).holds("a", HOME).at(1, switch_number=140).holds("a", HOME)
    assert summed(script)[1].gils[0].switches == 40


def short_lives(count: int) -> Batch:
    """Threads that each wait for ``keeper`` for 2 ms and end; every hundredth waits for 20 ms."""
    script, ms = Script(), 0
    script.at(ms).holds("keeper", HOME)
    for number in range(count):
        name = f"job-{number}"
        for _ in range(20 if number % 100 == 0 else 2):
            ms += 1
            script.at(ms).holds("keeper", HOME).waits(name, HOME)
        script.ends(name)
    return script.batch()


def test_threads_without_end_fold() -> None:
    """Rows stay bounded, the worst keep theirs, and every sum stays whole, in one batch or in many."""
    batch = short_lives(3000)
    waited_ns = batch.passes["t_ns"][-1] - batch.passes["t_ns"][0]
    for ends in ([], list(range(0, len(batch.passes), 37))):
        profile = Profile(INFO)
        for part in cut_with_threads(batch, ends):
            profile.add(part)
            assert len(profile.sums().threads.id) <= 2 * ENDED_ROWS + len(batch.threads) * (not ends) + 40
        profile.finish()
        sums = profile.sums()
        shown = sums.threads.states_ns.sum(1) > 0
        assert shown.sum() == ENDED_ROWS + 2
        assert sums.threads.folded.sum() == 3000 - ENDED_ROWS
        worst = {thread.id for thread in batch.threads if thread.name.endswith("00")}
        assert worst <= set(sums.threads.id[shown].tolist())
        np.testing.assert_allclose(sums.threads.states_ns[:, State.WAITING].sum(), waited_ns)
        np.testing.assert_allclose(sums.pairs.origin_ns.sum(), waited_ns)
        np.testing.assert_allclose(sums.nodes.blamed_ns.sum(), waited_ns)
        group = int(sums.threads.id[sums.threads.folded > 0][0])
        assert profile.definitions.threads[group].name == "job-*"


def test_what_names_have_in_common() -> None:
    assert name_pattern(["pool-0_2"]) == "pool-0_*"
    assert name_pattern(["pool-0_*", "pool-0_3"]) == "pool-0_*"
    assert name_pattern(["pool-0_*", "pool-1_3"]) == "pool-*_*"
    assert name_pattern(["Thread-1 (work)", "Thread-12 (work)"]) == "Thread-* (work)"
    assert name_pattern(["Thread-1 (work)", "Thread-1 (rest)"]) is None
    assert name_pattern(["feeder"]) == "feeder"


def cut_with_threads(batch: Batch, ends: list[int]) -> list[Batch]:
    """Pieces that tell each thread once, and its end when it comes, as a live source does."""
    out: list[Batch] = []
    told_until = -1
    for piece in cut(batch, ends):
        until = int(piece.passes["t_ns"][-1]) if len(piece.passes) else told_until
        told = tuple(t for t in batch.threads if t.ended_ns is not None and told_until < t.ended_ns <= until)
        alive = tuple(t for t in batch.threads if t.ended_ns is None) if not out else ()
        out.append(replace(piece, threads=alive + told))
        told_until = until
    return out


def test_nodes_add_up_to_threads() -> None:
    script = Script()
    for ms in range(20):
        script.at(ms).holds("a", HOME, f"step app.py:{ms % 3 + 20}").waits("b", HOME)
    _, sums = summed(script)
    by_thread = np.zeros_like(sums.threads.states_ns)
    np.add.at(by_thread, sums.nodes.thread, sums.nodes.states_ns)
    np.testing.assert_allclose(by_thread, sums.threads.states_ns)
    assert len(sums.nodes.thread) == 4
