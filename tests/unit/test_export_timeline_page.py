"""The timeline's page as a file: its runs are the profile's, and no name gets out of its place."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from hypothesis import given, settings

from gilprof.exporters import timeline_page, timeline_runs
from gilprof.exporters.narrowing import Narrowing
from gilprof.model import STATE_NAMES, Batch, State
from tests.support.exported import every_state, exported, profiled, seconds
from tests.support.facts import Script, batch_lists, cut
from tests.support.time_page import data_of, numbers, seconds_of
from tests.unit import test_export_flamegraph
from tests.unit.test_export_flamegraph import HOSTILE
from tests.unit.test_profile import cut_with_threads, short_lives


def text_of(batches: list[Batch], narrowing: Narrowing | None = None) -> str:
    return exported("timeline", *profiled(batches), narrowing).decode()


def test_every_state_adds_up() -> None:
    profile, _ = profiled([every_state().batch()])
    assert seconds_of(text_of([every_state().batch()])) == pytest.approx(seconds(profile))


@settings(max_examples=50, deadline=None)
@given(batch_lists())
def test_anything_that_a_recording_may_say(batches: list[Batch]) -> None:
    profile, _ = profiled(batches)
    states_s = profile.sums().threads.states_ns.sum(axis=0) / 1e9
    found = dict.fromkeys(STATE_NAMES, 0.0)
    for (_, state), value in seconds_of(text_of(batches)).items():
        found[state] += value
    assert [found[state] for state in STATE_NAMES] == pytest.approx(states_s.tolist(), abs=1e-6)


def test_batches_do_not_matter() -> None:
    whole = every_state().batch()
    assert data_of(text_of(cut(whole, [1, 7, 650, 1300]))) == data_of(text_of([whole]))


def test_threads_that_were_folded_have_their_time() -> None:
    """Of threads without end the profile folds those with the least waiting into a row for their name pattern."""
    batch = short_lives(3000)
    batches = cut_with_threads(batch, list(range(0, len(batch.passes), 37)))
    profile, _ = profiled(batches)
    assert profile.sums().threads.folded.any()
    found = seconds_of(text_of(batches))
    for state in State:
        ns = profile.sums().threads.states_ns[:, state].sum()
        assert sum(value for (_, was), value in found.items() if was == STATE_NAMES[state]) == pytest.approx(ns / 1e9)


def test_narrowed() -> None:
    page = text_of([every_state().batch()], Narrowing([State.WAITING], "Main*"))
    found = {key: value for key, value in seconds_of(page).items() if key[1] == "waiting"}
    assert found == pytest.approx({("MainThread", "waiting"): 0.899})


def test_too_many_runs_are_cut_and_the_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs begin at 0 (two), 599 (one), 899 (two), 1200 (three) ms and later."""
    monkeypatch.setattr(timeline_runs, "MAX_RUNS", 5)
    page = text_of([every_state().batch()])
    data = data_of(page)
    assert 1.099e9 <= data["cut_ns"] <= 1.2e9
    assert sum((numbers(track["key"]) > 0).sum() for track in data["tracks"]) == 5
    assert "Too long for one page: heatmap and threads end at 1." in page
    assert seconds_of(page)["worker-1", "held"] == pytest.approx(0.599)
    assert ("worker-1", "released") not in seconds_of(page)


def test_too_many_passes_are_cut_in_the_middle_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline_runs, "MAX_PASSES", 301)
    page = text_of([every_state().batch()])
    assert data_of(page)["cut_ns"] == 300e6
    assert seconds_of(page) == pytest.approx({("worker-1", "held"): 0.3, ("MainThread", "waiting"): 0.3})


def test_nothing_is_cut_that_fits() -> None:
    page = text_of([every_state().batch()])
    assert data_of(page)["cut_ns"] is None
    assert "Too long" not in page


def test_summary_and_worst_episodes_need_no_scripts() -> None:
    page = text_of([every_state().batch()])
    assert "Over 2.00 s, 0.58 threads wait for the GIL on average, the most in the 1 s from 0 s on: 1.</p>" in page
    (first,) = re.findall(r'<tr><th scope="row">1</th>(.*?)</tr>', page)
    cells = re.findall("<td>(.*?)</td>", first)
    assert cells[:2] == ["MainThread", "waits"]
    assert cells[-1].startswith("worker-1, Worker.step (work.py:33), ")


@pytest.mark.parametrize("passes", [0, 1])
def test_next_to_nothing(passes: int) -> None:
    script = Script()
    for ms in range(passes):
        script.at(ms).holds("main", "f a.py:1")
    page = text_of([script.batch()])
    assert seconds_of(page) == {}
    assert "No time was observed." in page


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(name: str) -> None:
    def page(shown: str) -> str:
        script, file = Script(), re.sub(r"\s", "_", shown)
        for ms in range(20):
            script.at(ms).holds(shown, f"{shown} /srv/{file}.py:3").waits("b", f"{shown} /srv/{file}.py:3")
        return text_of([script.batch()])

    found, harmless = (test_export_flamegraph.Page(page(shown)) for shown in (name, "harmless"))
    assert found.shape == harmless.shape
    assert found.texts("script")[1] == harmless.texts("script")[1]
    assert found.texts("script")[3] == harmless.texts("script")[3]
    assert not set("<>&") & set(found.texts("script")[2])


def test_the_policy_allows_both_scripts_and_nothing_else() -> None:
    page = test_export_flamegraph.Page(text_of([every_state().batch()]))
    policy = next(a["content"] for _, a, _ in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    assert re.search(r"script-src 'sha256-\S+' 'sha256-\S+'; style-src 'sha256-\S+' 'sha256-\S+'$", policy)


def test_every_part_of_the_page_is_in_it() -> None:
    folder = files("gilprof.exporters") / "timeline_parts"
    scripts = [part for part in folder.iterdir() if part.name.endswith(".js")]
    assert {part.name for part in scripts} == set(timeline_page.SCRIPTS)
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|fetch\(", text)
        assert max(map(len, text.splitlines())) <= 120
