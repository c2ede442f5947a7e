"""Zoom and back, keys, light and dark: with the mouse and without it."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import Open
from tests.support.all_states import all_states
from tests.support.many_stacks import ManyStacks


def test_zoom_and_back_with_the_mouse(open_page: Open) -> None:
    page = open_page(all_states())
    rows = page.rows()
    assert not page.element("#back").is_enabled()
    page.at(1, "waiting").click().perform()
    page.at(2, "<module> (app.py)").click().perform()
    zoomed = ("all threads", "waiting", "<module> (app.py)", "main (app.py)")
    assert page.widths() == [pytest.approx({label: 1.0}) for label in zoomed]
    page.element("#back").click()
    assert page.widths()[2] == pytest.approx({"<module> (app.py)": 1.5 / 1.75, "Worker.run (work.py)": 0.25 / 1.75})
    page.element("#back").click()
    assert page.rows() == rows
    page.at(2, "<module> (app.py)").click().perform()
    page.element("#all").click()
    assert page.rows() == rows


def test_a_zoom_goes_out_with_its_state(open_page: Open) -> None:
    page = open_page(all_states())
    page.at(1, "waiting").click().perform()
    page.switch("waiting").click()
    assert page.rows()[0] == ["all threads"]
    assert page.widths()[1]["held"] == pytest.approx(2.25 / 6.25)


def test_what_is_not_found_fades(open_page: Open) -> None:
    page = open_page(all_states())
    page.choose("arrange", "stack")
    colours = {}
    for text in ("", "Worker"):
        page.search(text)
        for row, label in ((1, "<module> (app.py)"), (1, "Worker.run (work.py)")):
            column = page.rows()[row].index(label)
            x = page.run(f"page.chart.rows[{row}][{column}].x")
            colours[text, label] = page.pixel(x + 2, row * page.run("ROW") + 2)
    assert colours["", "<module> (app.py)"] != colours["Worker", "<module> (app.py)"]
    assert colours["", "Worker.run (work.py)"] == colours["Worker", "Worker.run (work.py)"]


def test_keyboard(open_page: Open) -> None:
    page = open_page(all_states())
    page.press(Keys.ARROW_DOWN)
    said = page.element("#said").get_attribute("textContent")
    assert said == "all threads, waiting: 1.75 s, 22 % of what is shown"
    assert page.element("#focused").is_displayed()
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.ENTER)
    assert page.rows()[:3] == [["all threads"], ["held"], ["<module> (app.py)"]]
    page.press(Keys.ARROW_UP, Keys.ENTER)
    assert page.widths()[1] == {"held": 1.0}
    page.press(Keys.ESCAPE, Keys.BACKSPACE)
    assert page.widths()[1]["held"] == pytest.approx(2.25 / 8)
    page.press("/")
    assert page.driver.switch_to.active_element.get_attribute("id") == "search"
    page.driver.switch_to.active_element.send_keys("a/b")
    assert page.element("#search").get_attribute("value") == "a/b"


def test_arrow_up_goes_to_the_caller(open_page: Open) -> None:
    page = open_page(ManyStacks(500))
    page.press(Keys.ARROW_DOWN, *[Keys.ARROW_RIGHT] * 5, *[Keys.ARROW_DOWN] * 10)
    callers = page.run("page.view.path(page.focused).map(box => page.view.key(box))")[::-1]
    assert len(callers) > 4
    reached = []
    for _ in callers:
        reached.append(page.run("page.view.key(page.focused)"))
        page.press(Keys.ARROW_UP)
    assert reached == callers


def test_everything_is_reached_with_the_tab_key(open_page: Open) -> None:
    page = open_page(all_states())
    page.at(1, "waiting").click().perform()
    page.at(2, "<module> (app.py)").click().perform()
    page.run("document.activeElement.blur()")
    reached = []
    for _ in range(30):
        ActionChains(page.driver).send_keys(Keys.TAB).perform()
        active = page.driver.switch_to.active_element
        attributes = ("id", "data-state", "data-by", "name")
        reached.append(next((value for key in attributes if (value := active.get_attribute(key))), active.tag_name))
    order = [
        *page.run("page.data.states"), "view", "arrange", "threads", "order", "detail", "search", "back", "all",
        "blame-this", "chart", "functions", "top", "summary",
    ]  # fmt: skip
    assert [name for name in order if name not in reached] == []


def test_states_differ_in_more_than_colour(open_page: Open) -> None:
    page = open_page(all_states())
    colours = {}
    for state in ("waiting", "held_blocked", "released", "unknown"):
        column = page.rows()[1].index(page.run("page.data.words")[state])
        x = page.run(f"page.chart.rows[1][{column}].x + page.chart.rows[1][{column}].width - 12")
        colours[state] = {tuple(page.pixel(x + dx, page.run("ROW") + 6 + dy)) for dx in range(8) for dy in range(8)}
    assert {state for state, found in colours.items() if len(found) > 1} == {"held_blocked", "released", "unknown"}
    letters = page.run("Object.values(page.data.letters)")
    assert len(set(letters)) == len(letters) == 6


def test_dark_and_light(open_page: Open) -> None:
    page = open_page(all_states())
    colours = []
    for scheme in ("light", "dark"):
        features = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", features)
        page.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        colours.append((page.pixel(2, 2), page.run("getComputedStyle(document.body).backgroundColor")))
    assert colours[0][0] != colours[1][0]
    assert colours[0][1] != colours[1][1]
