"""The laws of classify and Profile, on any facts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gilprof.analysis.profile import Profile
from gilprof.analysis.profile_sums import ProfileSums
from gilprof.model import Batch, LookFlag, PassFlag
from tests.support.facts import FUTEX, INFO, SLEEP, Script, cut

STACKS = (("work app.py:10",), ("work app.py:10", "call app.py:20"), ())
KINDS = ("holds", "waits", "runs", "blocks", "stuck", "checked", "absent")
THREADS = ("a", "b", "c")
laws = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def facts(draw: st.DrawFn) -> Batch:
    """Some dozens of passes over three threads, in which anything may follow anything."""
    script = Script()
    ms = 0.0
    for _ in range(draw(st.integers(1, 60))):
        ms += draw(st.sampled_from((0.5, 1.0, 1.5, 20.0, 150.0)))
        flags = draw(st.sampled_from((0, 0, 0, PassFlag.COLLECTING, PassFlag.DROP_REQUEST, PassFlag.STOPPED)))
        script.at(ms, flags=flags, mutex_users=draw(st.integers(0, 3)))
        held = False
        for name in THREADS:
            kind = draw(st.sampled_from(KINDS))
            frames = draw(st.sampled_from(STACKS))
            growth = {
                "cpu_ms": draw(st.sampled_from((0.0, 0.004, 1.0))),
                "queued_ms": draw(st.sampled_from((0.0, 0.7, 25.0))),
            }
            if kind in ("holds", "stuck") and not held:
                held = True
                script.holds(name, *frames, **growth, **({"syscall": SLEEP} if kind == "stuck" else {}))
            elif kind == "waits":
                last = draw(st.sampled_from((LookFlag(0), LookFlag.LAST_HOLDER)))
                script.waits(name, *frames, flags=LookFlag.PYTHON | last, **growth)
            elif kind == "checked":
                script.runs(name, *frames, flags=LookFlag.PYTHON | LookFlag.EVAL_CHECK, **growth)
            elif kind == "blocks":
                script.blocks(name, *frames, syscall=draw(st.sampled_from((FUTEX, SLEEP, 0))), **growth)
            elif kind != "absent":
                script.runs(name, *frames, **growth)
    return script.batch()


def summed(*batches: Batch) -> ProfileSums:
    profile = Profile(INFO)
    for batch in batches:
        profile.add(batch)
    profile.finish()
    return profile.sums()


def assert_equal(one: ProfileSums, other: ProfileSums) -> None:
    """The same sums, whatever the order in which nodes and pairs were met."""
    np.testing.assert_allclose(one.threads.states_ns, other.threads.states_ns)
    np.testing.assert_allclose(one.threads.origin_ns, other.threads.origin_ns)
    np.testing.assert_allclose(one.threads.cpu_ns, other.threads.cpu_ns)
    np.testing.assert_allclose(one.threads.blamed_ns, other.threads.blamed_ns)
    assert node_rows(one) == node_rows(other)
    assert one.gils == other.gils
    assert (one.observed_ns, one.unobserved_ns, one.stopped_ns) == (
        other.observed_ns,
        other.unobserved_ns,
        other.stopped_ns,
    )


def node_rows(sums: ProfileSums) -> dict[tuple[int, int, bool], list[float]]:
    nodes = sums.nodes
    keys = zip(nodes.thread.tolist(), nodes.stack.tolist(), nodes.gc.tolist(), strict=True)
    values = np.column_stack([nodes.states_ns, nodes.overdue_ns]).tolist()
    return {key: [round(ns) for ns in row] for key, row in zip(keys, values, strict=True)}


@laws
@given(facts(), st.data())
def test_cutting_into_batches_changes_nothing(batch: Batch, data: st.DataObject) -> None:
    ends = data.draw(st.lists(st.integers(0, len(batch.passes)), max_size=8))
    assert_equal(summed(batch), summed(*cut(batch, ends)))


@laws
@given(facts(), st.integers(-(10**12), 10**15))
def test_shifting_time_changes_nothing(batch: Batch, shift_ns: int) -> None:
    passes = batch.passes.copy()
    passes["t_ns"] += shift_ns
    assert_equal(summed(batch), summed(replace(batch, passes=passes)))


@laws
@given(facts())
def test_sums_are_whole(batch: Batch) -> None:
    sums = summed(batch)
    threads, nodes, pairs = sums.threads, sums.nodes, sums.pairs
    (gil,) = sums.gils.values()
    waiting = threads.states_ns[:, 2]
    np.testing.assert_allclose(threads.origin_ns.sum(1), waiting)
    np.testing.assert_allclose(threads.blocked_in_ns.sum(1), threads.states_ns[:, 4])
    np.testing.assert_allclose(threads.held_blocked_in_ns.sum(1), threads.states_ns[:, 1])
    by_thread = np.zeros_like(threads.states_ns)
    np.add.at(by_thread, nodes.thread, nodes.states_ns)
    np.testing.assert_allclose(by_thread, threads.states_ns)
    waited = np.zeros(len(waiting))
    np.add.at(waited, nodes.thread[pairs.waiter], pairs.origin_ns.sum(1))
    np.testing.assert_allclose(waited, waiting)
    blamed = np.zeros(len(nodes.thread))
    told = pairs.holder >= 0
    np.add.at(blamed, pairs.holder[told], pairs.origin_ns[told].sum(1))
    np.testing.assert_allclose(blamed, nodes.blamed_ns)
    assert gil.held_ns + gil.held_blocked_ns + gil.handover_ns + gil.torn_ns <= sums.observed_ns + 1
    assert gil.contended_ns <= gil.held_ns + gil.held_blocked_ns + gil.handover_ns + gil.torn_ns + 1
    assert (threads.states_ns.sum(1) <= sums.observed_ns + 1).all()


@laws
@given(facts())
def test_one_holder_at_most_in_a_pass(batch: Batch) -> None:
    sums = summed(batch)
    held = sums.threads.states_ns[:, :2].sum()
    np.testing.assert_allclose(held, sum(gil.held_ns + gil.held_blocked_ns for gil in sums.gils.values()))


@laws
@given(facts())
def test_an_idle_thread_more_changes_no_other(batch: Batch) -> None:
    count = len(batch.passes)
    idle = np.zeros(count, batch.looks.dtype)
    idle["thread"], idle["stack"], idle["syscall"], idle["gil_word"] = 99, -1, SLEEP, -1
    idle["flags"] = LookFlag.PYTHON
    ends = np.cumsum(batch.passes["look_count"], dtype=np.int64)
    passes = batch.passes.copy()
    passes["look_count"] += 1
    more = replace(batch, passes=passes, looks=np.insert(batch.looks, ends, idle))
    before, after = summed(batch), summed(more)
    known = len(before.threads.states_ns)
    np.testing.assert_allclose(after.threads.states_ns[:known], before.threads.states_ns)
    np.testing.assert_allclose(after.threads.blamed_ns[:known], before.threads.blamed_ns)
    assert after.gils == before.gils
