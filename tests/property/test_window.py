"""The law of a window: what it says is what the passes inside alone add up to, counted from scratch."""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gilprof.analysis.classify.classifier import Classifier
from gilprof.analysis.classify.verdicts import LookVerdicts, PassVerdicts, Verdicts
from gilprof.analysis.profile import Profile
from gilprof.analysis.profile_sums import Fold, ProfileSums
from gilprof.analysis.window import Window
from gilprof.model import NONE, Batch, State
from tests.support.facts import INFO, Script, cut

NAMES = ("MainThread", "feeder", "worker")
WINDOW_S = 2.0


@st.composite
def scripts(draw: st.DrawFn) -> Batch:
    """A few seconds of three threads, ten passes a second."""
    script = Script()
    for tenth in range(draw(st.integers(5, 60))):
        script.at(100 * tenth)
        holder = draw(st.sampled_from([*NAMES, None]))
        for name in NAMES:
            line = draw(st.integers(1, 3))
            if name == holder:
                script.holds(name, "main app.py:1", f"step app.py:{line}", cpu_ms=90)
            elif draw(st.booleans()):
                script.waits(name, f"step app.py:{line}")
            else:
                script.blocks(name, f"step app.py:{line}")
    return script.batch()


SLOW = replace(INFO, asked_hz=10.0)


@given(scripts(), st.lists(st.integers(0, 60), max_size=12))
@settings(max_examples=60, deadline=None)
def test_a_window_is_what_its_passes_add_up_to(batch: Batch, ends: list[int]) -> None:
    profile, window = Profile(SLOW), Window(WINDOW_S)
    for piece in cut(batch, [min(end, len(batch.passes)) for end in ends]):
        profile.add(piece)
        window.note(profile.sums(), profile.health)
    profile.finish()
    now = profile.sums()
    recent, _ = window.recent(now, profile.health)
    began = recent.first_t_ns if recent.first_t_ns != now.first_t_ns else 0
    assert described(recent, profile) == pytest.approx(from_scratch(batch, began))


@given(scripts(), st.integers(0, 60))
@settings(max_examples=40, deadline=None)
def test_after_a_reset_only_what_follows_counts(batch: Batch, at: int) -> None:
    profile, window = Profile(SLOW), Window(WINDOW_S)
    first, *rest = cut(batch, [min(at, len(batch.passes))])
    profile.add(first)
    before = profile.sums()
    window.reset(before, profile.health)
    for piece in rest:
        profile.add(piece)
    profile.finish()
    whole, _ = window.whole(profile.sums(), profile.health)
    assert described(whole, profile) == pytest.approx(from_scratch(batch, before.last_t_ns))


def test_episodes_counted_anew_are_those_that_end_from_then_on() -> None:
    script = Script()
    for tenth in range(100):
        first, second = ("a", "b") if tenth // 20 % 2 else ("b", "a")
        script.at(100 * tenth).holds(first, "main app.py:1", cpu_ms=90).waits(second, "wait app.py:2")
    early, late = cut(script.batch(), [50])
    profile = Profile(SLOW)
    profile.add(early)
    before = profile.episodes_anew()
    assert before.worst == profile.sums().episodes.worst
    assert before.worst
    profile.count_episodes_anew()
    assert profile.episodes_anew().worst == ()
    profile.add(late)
    profile.finish()
    anew, whole = profile.episodes_anew().worst, profile.sums().episodes.worst
    assert {each.rank for each in anew} == {each.rank for each in whole} - {each.rank for each in before.worst}
    assert anew


def test_a_window_starts_at_most_a_second_early() -> None:
    script = Script()
    for tenth in range(200):
        script.at(100 * tenth).holds("MainThread", "main app.py:1")
    profile, window = Profile(SLOW), Window(WINDOW_S)
    for piece in cut(script.batch(), list(range(1, 200))):
        profile.add(piece)
        window.note(profile.sums(), profile.health)
    recent, _ = window.recent(profile.sums(), profile.health)
    assert WINDOW_S * 1e9 <= recent.observed_ns <= (WINDOW_S + 1.0) * 1e9


def test_a_window_survives_the_folding_of_threads() -> None:
    """Thousands of threads come and go; the sums of the last seconds stay those of their passes."""
    script = Script()
    for tenth in range(2600):
        script.at(100 * tenth).holds(f"job-{tenth}", "main app.py:1", cpu_ms=90).waits("waiter", "wait app.py:2")
        script.ends(f"job-{tenth}")
    batch = script.batch()
    profile, window = Profile(SLOW), Window(WINDOW_S)
    profile.on_fold = window.fold
    threads = {seen.id: seen for seen in batch.threads if seen.ended_ns is not None}
    folded = False
    for number, piece in enumerate(cut(batch, list(range(10, 2600, 10)))):
        piece = replace(piece, threads=tuple(threads[i] for i in np.unique(piece.looks["thread"]) if i in threads))
        if number == 0:
            piece = replace(piece, functions=batch.functions, frames=batch.frames, stacks=batch.stacks)
        profile.add(piece)
        window.note(profile.sums(), profile.health)
        folded = folded or bool((profile.sums().threads.folded > 0).any())
        recent, _ = window.recent(profile.sums(), profile.health)
        assert recent.threads.states_ns.sum() == pytest.approx(2 * recent.observed_ns)
        assert recent.pairs.origin_ns.sum() == pytest.approx(sum(gil.waiting_ns for gil in recent.gils.values()))
        assert recent.nodes.blamed_ns.sum() == pytest.approx(recent.threads.blamed_ns.sum())
    assert folded


@pytest.mark.parametrize("seed", range(5))
def test_a_window_survives_the_merging_of_pairs(seed: int) -> None:
    """Pairs of stacks are merged with others of the same threads: all but the stacks is as before."""
    random, script = np.random.default_rng(seed), Script()
    for tenth in range(200):
        script.at(100 * tenth)
        holder, *waiters = random.permutation(NAMES).tolist()
        script.holds(holder, "main app.py:1", f"step app.py:{random.integers(1, 40)}", cpu_ms=90)
        for waiter in waiters:
            script.waits(waiter, f"step app.py:{random.integers(1, 40)}")
    batch = script.batch()
    profile, window = Profile(SLOW), Window(WINDOW_S)
    folds: list[Fold] = []

    def note(fold: Fold) -> None:
        folds.append(fold)
        window.fold(fold)

    profile.on_fold = note
    with mock.patch("gilprof.analysis.profile.PAIRS", 40):
        for piece in cut(batch, sorted(random.integers(0, 200, 30).tolist())):
            profile.add(piece)
            assert len(profile.sums().pairs.holder) <= 80
            window.note(profile.sums(), profile.health)
        profile.finish()
    assert len(folds) > 3
    now = profile.sums()
    recent, _ = window.recent(now, profile.health)
    assert recent.first_t_ns > now.first_t_ns
    assert by_thread(described(recent, profile)) == pytest.approx(by_thread(from_scratch(batch, recent.first_t_ns)))


def by_thread(amounts: dict[str, float]) -> dict[str, float]:
    """Without the stacks of who waits for whom."""
    out: dict[str, float] = {}
    for key, ns in amounts.items():
        waiter, waits, holder = key.partition(" waits for ")
        name = f"{waiter.split()[0]}{waits}{holder.split()[0]}" if waits else key
        out[name] = out.get(name, 0.0) + ns
    return out


def from_scratch(batch: Batch, began_ns: int) -> dict[str, float]:
    """Look by look over the verdicts of the passes after ``began_ns``."""
    classifier = Classifier(SLOW, lambda: batch.stacks)
    out: dict[str, float] = {}
    for verdicts in (classifier.feed(batch.passes, batch.looks), classifier.finish()):
        for key, ns in amounts(verdicts.passes, verdicts.looks, began_ns, verdicts):
            out[key] = out.get(key, 0.0) + ns
    return {key: ns for key, ns in out.items() if ns}


def amounts(passes: PassVerdicts, looks: LookVerdicts, began_ns: int, verdicts: Verdicts) -> list[tuple[str, float]]:
    out: list[tuple[str, float]] = []
    for row, t_ns in enumerate(passes.t_ns.tolist()):
        if t_ns > began_ns:
            out.append(("observed", float(passes.weight_ns[row])))
    for row, pass_row in enumerate(looks.pass_row.tolist()):
        if passes.t_ns[pass_row] <= began_ns:
            continue
        ns, state = float(passes.weight_ns[pass_row]), State(looks.state[row])
        thread, stack = int(looks.thread[row]), int(looks.stack[row])
        out.append((f"{thread} {state.name}", ns))
        out.append((f"{thread} {stack} {state.name}", ns))
        out.append((f"{thread} cpu", float(looks.cpu_ns[row])))
        if state is State.WAITING:
            holder = int(passes.holder[pass_row])
            whom = "nobody" if holder == NONE else f"{looks.thread[holder]} {looks.stack[holder]}"
            out.append((f"{thread} {stack} waits for {whom}", ns))
    return out


def described(sums: ProfileSums, profile: Profile) -> dict[str, float]:
    """The same amounts in sums."""
    out = {"observed": sums.observed_ns}
    threads, nodes, pairs = sums.threads, sums.nodes, sums.pairs
    for row, number in enumerate(threads.id.tolist()):
        out[f"{number} cpu"] = float(threads.cpu_ns[row])
        for state in State:
            out[f"{number} {state.name}"] = float(threads.states_ns[row, state])
    names = [f"{threads.id[t]} {s}" for t, s in zip(nodes.thread.tolist(), nodes.stack.tolist(), strict=True)]
    for row, name in enumerate(names):
        for state in State:
            out[f"{name} {state.name}"] = float(nodes.states_ns[row, state])
    for row, (holder, waiter) in enumerate(zip(pairs.holder.tolist(), pairs.waiter.tolist(), strict=True)):
        whom = names[holder] if holder >= 0 else "nobody"
        out[f"{names[waiter]} waits for {whom}"] = float(pairs.origin_ns[row].sum())
    return {key: ns for key, ns in out.items() if ns}
