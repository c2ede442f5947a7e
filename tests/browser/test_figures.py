"""What the page shows are the profile's figures, in every arrangement and narrowed in every way."""

from __future__ import annotations

from itertools import product

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from gilprof.model import STATE_NAMES
from tests.browser.conftest import Open
from tests.support.all_states import all_states

SHARE_OF = {"waiting": 1.75, "held_blocked": 0.5, "held": 2.25, "released": 1.0, "blocked": 2.25, "unknown": 0.25}


def test_sums_are_the_profiles_in_every_arrangement(open_page: Open) -> None:
    page = open_page(all_states())
    threads_ns, blamed_ns = all_states().sums().threads.states_ns, all_states().sums().threads.blamed_ns
    for arrange, threads, detail in product(("state", "stack"), ("merged", "each"), ("functions", "lines")):
        page.choose("arrange", arrange)
        page.choose("threads", threads)
        page.choose("detail", detail)
        assert page.state_sums() == dict(zip(STATE_NAMES, threads_ns.sum(axis=0), strict=True))
        assert page.run("page.tree.blamed[0]") == blamed_ns.sum()
        if threads == "each":
            for thread, states_ns in enumerate(threads_ns):
                assert page.state_sums(1 + thread) == dict(zip(STATE_NAMES, states_ns, strict=True))


def test_the_legend_tells_them(open_page: Open) -> None:
    page = open_page(all_states())
    assert page.switch("waiting").text == "waiting\n1.75 s, 22 %"
    assert page.switch("held_blocked").text == "held while blocked\n500 ms, 6.3 %"
    assert page.switch("released").text == "runs without the GIL\n1.00 s, 13 %"


def test_a_tower_a_state(open_page: Open) -> None:
    page = open_page(all_states())
    everything, towers = page.widths()[:2]
    assert everything == {"all threads": 1.0}
    words = page.run("page.data.words")
    assert towers == pytest.approx({words[state]: share / 8 for state, share in SHARE_OF.items()}, abs=1e-6)


def test_switches(open_page: Open) -> None:
    page = open_page(all_states())
    for state in ("blocked", "unknown", "released"):
        page.switch(state).click()
        assert page.switch(state).get_attribute("aria-pressed") == "false"
    left = {"waiting": 1.75 / 4.5, "held while blocked": 0.5 / 4.5, "held": 2.25 / 4.5}
    assert page.widths()[1] == pytest.approx(left, abs=1e-6)
    page.switch("blocked").click()
    assert "blocked" in page.rows()[1]
    for state in ("waiting", "held", "held_blocked", "blocked"):
        page.switch(state).click()
    assert page.rows() == []
    assert page.element("#nothing").text == "No time in the states that are switched on."


def test_stacks_merged_and_of_each_thread(open_page: Open) -> None:
    page = open_page(all_states())
    page.choose("arrange", "stack")
    merged = page.widths()
    assert merged[1] == pytest.approx(
        {"<module> (app.py)": 4 / 8, "<no Python frame>": 2 / 8, "Worker.run (work.py)": 2 / 8}, abs=1e-6
    )
    assert merged[2]["Worker.step (work.py)"] == pytest.approx(2 / 8, abs=1e-6)
    page.choose("threads", "each")
    assert page.widths()[1] == pytest.approx({"MainThread": 0.5, "worker-1": 0.5}, abs=1e-6)


def test_functions_and_lines(open_page: Open) -> None:
    page = open_page(all_states())
    page.choose("arrange", "stack")
    page.choose("detail", "lines")
    lines = page.widths()[2]
    assert lines["Worker.step (work.py:33)"] == pytest.approx(1.5 / 8, abs=1e-6)
    assert lines["Worker.step (work.py:35)"] == pytest.approx(0.5 / 8, abs=1e-6)


def test_search_tells_the_share_and_counts_recursion_once(open_page: Open) -> None:
    page = open_page(all_states())
    assert page.search("WALK") == "1 name matches, 13 % of the time"
    assert page.search("work.py") == "2 names match, 25 % of the time"
    assert page.search("nowhere") == "0 names match, 0 % of the time"
    page.switch("held").click()
    assert page.search("walk") == "0 names match, 0 % of the time"
    page.switch("held").click()
    page.at(1, "held").click().perform()
    assert page.search("walk") == "1 name matches, 44 % of the time"
    page.element("#search").send_keys(Keys.ESCAPE)
    assert page.element("#matched").text == ""


def test_search_is_of_what_is_zoomed_to(open_page: Open) -> None:
    page = open_page(all_states())
    page.choose("arrange", "stack")
    page.at(1, "Worker.run (work.py)").click().perform()
    assert page.search("app.py") == "0 names match, 0 % of the time"
    assert page.search("run") == "1 name matches, 100 % of the time"
    page.choose("order", "inverted")
    page.at(1, "walk (tree.py)").click().perform()
    assert page.search("module") == "1 name matches, 100 % of the time"
    assert page.search("step") == "0 names match, 0 % of the time"


def test_search_finds_threads(open_page: Open) -> None:
    page = open_page(all_states())
    page.choose("threads", "each")
    assert page.search("worker-1") == "1 name matches, 50 % of the time"


def test_the_tip_has_all_six_states_and_blame(open_page: Open) -> None:
    page = open_page(all_states())
    page.at(1, "held").click().perform()
    page.at(3, "Worker.step (work.py)").perform()
    assert page.tip().splitlines() == [
        "Worker.step (work.py)",
        "/srv/work.py:30",
        "held: 1.00 s, 13 % of what is shown",
        "seconds share of it on top",
        "waiting 250 ms 13 % 250 ms",
        "held while blocked 500 ms 25 % 500 ms",
        "held 1.00 s 50 % 1.00 s",
        "runs without the GIL 0 s 0 % 0 s",
        "blocked 0 s 0 % 0 s",
        "unknown 250 ms 13 % 250 ms",
        "Others waited 1.50 s for it (blamed)",
    ]
    ActionChains(page.driver).move_to_element(page.element("h1")).perform()
    assert not page.element("#tip").is_displayed()
