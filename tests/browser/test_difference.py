"""A profile beside a baseline: both have their seconds, and what may be chance is grey."""

from __future__ import annotations

import numpy as np
import pytest

from gilprof.model import STATE_NAMES, State
from tests.browser.conftest import Open
from tests.support.all_states import MAIN, STEP, all_states
from tests.support.made_up import MadeUp, Place, Seen
from tests.support.many_stacks import ManyStacks

GONE: tuple[Place, ...] = (MAIN[0], ("gone", "/srv/app.py", 40, 44))


def now() -> MadeUp:
    profile = MadeUp().threads("MainThread", "worker-1")
    profile.add(3.0, {0: Seen(State.WAITING, MAIN), 1: Seen(State.HELD, STEP)}, passes=3000)
    return profile.add(1.0, {0: Seen(State.HELD, MAIN), 1: Seen(State.BLOCKED, STEP)}, passes=1000)


def before() -> MadeUp:
    """Twice as long."""
    profile = MadeUp().threads("MainThread", "worker-1")
    profile.add(2.0, {0: Seen(State.WAITING, MAIN), 1: Seen(State.HELD, STEP)}, passes=2000)
    profile.add(4.0, {0: Seen(State.HELD, GONE), 1: Seen(State.BLOCKED, STEP)}, passes=4000)
    return profile.add(2.0, {0: Seen(State.HELD, MAIN), 1: Seen(State.BLOCKED, STEP)}, passes=2000)


def test_the_seconds_of_both(open_page: Open) -> None:
    page = open_page(now(), before())
    states = page.run("page.data.states")
    sums = dict(zip([*states, *(f"{state} before" for state in states)], page.run("[...page.tree.sums]"), strict=False))
    for state, name in enumerate(STATE_NAMES):
        assert sums[name] == now().sums().threads.states_ns[:, state].sum()
        assert sums[f"{name} before"] == before().sums().threads.states_ns[:, state].sum() / 2
    assert page.switch("waiting").text == "waiting\n3.00 s, was 1.00 s"
    assert page.switch("held").text == "held\n4.00 s, was 4.00 s"


def test_boxes_are_as_wide_as_asked_for_and_say_what_has_changed(open_page: Open) -> None:
    page = open_page(now(), before())
    words = page.run("page.data.words")
    assert page.widths()[0] == {"≈ all threads": 1.0}
    both = {"+2.00 s waiting": 4 / 16, "≈ held": 8 / 16, "−2.00 s blocked": 4 / 16}
    assert page.widths()[1] == pytest.approx(both)
    assert words["held"] == "held"
    page.choose("arrange", "stack")
    assert page.widths()[2]["−2.00 s gone (app.py)"] == pytest.approx(2 / 16)
    page.choose("sides", "new")
    assert "−2.00 s gone (app.py)" not in page.widths()[2]
    assert page.widths()[2]["+2.00 s main (app.py)"] == pytest.approx(4 / 8)
    page.choose("sides", "before")
    assert page.widths()[2]["−2.00 s gone (app.py)"] == pytest.approx(2 / 8)


def test_the_table_and_the_tip_have_the_change(open_page: Open) -> None:
    page = open_page(now(), before())
    page.choose("arrange", "stack")
    assert page.functions() == {
        "main (app.py)": ("+2.00 s", "+2.00 s"), "gone (app.py)": ("−2.00 s", "−2.00 s"),
        "<module> (app.py)": ("≈ 0 s", "≈ 0 s"), "Worker.run (work.py)": ("≈ 0 s", "≈ 0 s"),
        "Worker.step (work.py)": ("≈ 0 s", "≈ 0 s"),
    }  # fmt: skip
    page.at(2, "+2.00 s main (app.py)").perform()
    assert page.tip().splitlines() == [
        "main (app.py)",
        "/srv/app.py:10",
        "4.00 s, was 2.00 s: +2.00 s",
        "seconds before change",
        "waiting 3.00 s 1.00 s +2.00 s",
        "held while blocked 0 s 0 s 0 s",
        "held 1.00 s 1.00 s 0 s",
        "runs without the GIL 0 s 0 s 0 s",
        "blocked 0 s 0 s 0 s",
        "unknown 0 s 0 s 0 s",
    ]


def test_more_is_red_less_is_blue_chance_is_grey(open_page: Open) -> None:
    page = open_page(now(), before())
    page.choose("arrange", "stack")
    colours = {}
    for row, name in ((2, "+2.00 s main (app.py)"), (2, "−2.00 s gone (app.py)"), (1, "≈ <module> (app.py)")):
        column = page.rows()[row].index(name)
        place = page.run(f"page.chart.rows[{row}][{column}].x")
        colours[name[0]] = page.pixel(place + 2, row * page.run("ROW") + 2)[:3]
    red, _, blue = colours["+"]
    assert red > blue + 40
    red, _, blue = colours["−"]
    assert blue > red + 40
    assert max(colours["≈"]) - min(colours["≈"]) < 20


def test_of_what_has_not_changed_next_to_nothing_is_taken_for_a_change(open_page: Open) -> None:
    """Times of looks that each tell something new, drawn twice: beyond three standard errors lie 0.27 % of normal
    ones, 54 of 20,000, and with the look that is added fewer; 5 standard errors of that count above."""
    page = open_page(now(), before())
    random = np.random.default_rng(7)
    look, look_before = 5e6, 2.5e6
    mean = 10 ** random.uniform(0, 4, 20_000)
    drawn = np.column_stack([random.poisson(mean) * look, random.poisson(mean * 2) * look_before]).tolist()
    script = "arguments[0].filter(([now, before]) => !isNoise(now, before, arguments[1])).length"
    changes = page.run(script, drawn, [look, look_before])
    assert 0 < changes <= 54 + 5 * 54**0.5
    other = np.column_stack([random.poisson(400, 1000) * look, random.poisson(400, 1000) * look * 1.5]).tolist()
    assert page.run(script, other, [look, 1.5 * look]) > 950, "200 looks more are 5.7 standard errors"


def test_one_look_says_nothing(open_page: Open) -> None:
    one = MadeUp().threads("a").add(0.001, {0: Seen(State.HELD, MAIN)}, passes=1)
    other = MadeUp().threads("a").add(0.001, {0: Seen(State.WAITING, STEP)}, passes=1)
    page = open_page(one, other)
    assert page.run("page.chart.rows.flat().every(place => page.view.change(place.box).noise)")
    assert page.functions()["main (app.py)"] == ("≈ +1.00 ms", "≈ +1.00 ms")


def test_nothing_new(open_page: Open) -> None:
    page = open_page(MadeUp(), all_states())
    assert page.rows() == []


def test_fifty_thousand_stacks_of_each(open_page: Open) -> None:
    page = open_page(ManyStacks(50_000), ManyStacks(50_000, seed=2))
    for redraw in ("page.look()", "page.zoom(page.chart.rows[3][2].box)", "page.back()"):
        script = f"(() => {{ const began = performance.now(); {redraw}; return performance.now() - began; }})()"
        assert page.run(script) < 1000, redraw


@pytest.mark.parametrize("name", ["</script><script>window.harmed = 1</script>", "<img src=x onerror='harmed = 1'>"])
def test_names_are_text(open_page: Open, name: str) -> None:
    profile = MadeUp().threads(name).add(1.0, {0: Seen(State.HELD, ((name, "/srv/a.py", 1, 3),))})
    page = open_page(profile, profile)
    assert page.rows()[2] == [f"≈ {name} (a.py)"]
    assert list(page.functions()) == [f"{name} (a.py)"]
    assert page.run("window.harmed") is None
