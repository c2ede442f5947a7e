"""What a screen reader is given: every control has a name and a role, and what changes is said."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Open
from tests.support.all_states import all_states
from tests.support.flame_page import Page

NAMED = {"button", "radio", "combobox", "searchbox", "textbox", "application", "table", "region", "option"}


def tree(page: Page) -> list[tuple[str, str, dict[str, Any]]]:
    """Role, name and properties of all that the browser tells assistive technology."""
    answer = page.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})
    return [
        (
            node["role"]["value"],
            node.get("name", {}).get("value", "").strip(),
            {part["name"]: part["value"].get("value") for part in node.get("properties", ())},
        )
        for node in answer["nodes"]
        if not node["ignored"]
    ]


@pytest.mark.parametrize("view", ["time", "blame", "difference"])
def test_every_control_has_a_name(open_page: Open, view: str) -> None:
    page = open_page(all_states(), all_states() if view == "difference" else None)
    if view == "blame":
        page.choose("view", "blame")
    found = tree(page)
    assert [role for role, name, _ in found if role in NAMED and not name] == []
    there = {(role, name) for role, name, _ in found}
    assert ("group", "Stacks") in there
    assert ("application", "Flame graph") in there
    assert ("table", "Functions in what is zoomed to") in there
    assert ("radio", "inverted") in there
    assert (("combobox", "Function") in there) == (view == "blame")
    assert (("radio", "has the GIL") in there) == (view == "blame")
    assert (("radio", "both") in there) == (view == "difference")


def test_switches_and_sorting_tell_their_state(open_page: Open) -> None:
    page = open_page(all_states())
    page.switch("held").click()
    pressed = {name: properties["pressed"] for role, name, properties in tree(page) if "pressed" in properties}
    off = [name for name, state in pressed.items() if state == "false"]
    assert "held 2.25 s, 28 %" in off
    headings = [name for role, name, _ in tree(page) if role == "columnheader"]
    assert headings[:3] == ["function", "on top", "on stack"]
    rows = [name for role, name, _ in tree(page) if role == "rowheader"]
    assert "main (app.py)" in rows


def test_what_changes_is_said(open_page: Open) -> None:
    page = open_page(all_states())
    page.choose("view", "blame")
    live = page.run("[...document.querySelectorAll('[aria-live], [role=status], output')].map(part => part.id)")
    assert set(live) == {"said", "told", "matched"}
    assert ("status", True) in {(role, "live" in properties) for role, _, properties in tree(page)}


def test_every_control_is_as_high_as_a_finger_needs_and_text_stays_in_the_window(open_page: Open) -> None:
    """24 pixels (WCAG 2.2, 2.5.8), but for the rows of the table, which are text; nothing is wider than the window."""
    page = open_page(all_states())
    script = """[...document.querySelectorAll('button, fieldset span, input[type=search]')]
        .filter(part => part.offsetParent && !part.closest('#functions'))
        .filter(part => part.getBoundingClientRect().height < 24).map(part => part.textContent)"""
    assert page.run(script) == []
    assert page.run("document.documentElement.scrollWidth <= window.innerWidth")
