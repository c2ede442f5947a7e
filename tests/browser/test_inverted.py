"""The graph the other way round, and the table of functions beside it: the same seconds."""

from __future__ import annotations

import pytest

from gilprof.model import STATE_NAMES
from tests.browser.conftest import Open
from tests.support.all_states import all_states
from tests.support.many_stacks import ManyStacks


def test_functions_on_top_stand_above_their_callers(open_page: Open) -> None:
    page = open_page(all_states())
    page.choose("arrange", "stack")
    page.choose("order", "inverted")
    widths = page.widths()
    assert widths[1] == pytest.approx(
        {"main (app.py)": 3 / 8, "walk (tree.py)": 1 / 8, "Worker.step (work.py)": 2 / 8, "<no Python frame>": 2 / 8},
        abs=1e-6,
    )
    assert widths[3] == pytest.approx({"<module> (app.py)": 1 / 8}, abs=1e-6), "below both walks"
    assert page.search("module") == "1 name matches, 50 % of the time"


def test_sums_are_the_profiles(open_page: Open) -> None:
    page = open_page(all_states())
    page.choose("order", "inverted")
    sums = dict(zip(STATE_NAMES, all_states().sums().threads.states_ns.sum(axis=0), strict=True))
    assert page.state_sums() == sums
    assert page.run("page.tree.blamed[0]") == all_states().sums().threads.blamed_ns.sum()
    page.choose("threads", "each")
    for thread, states_ns in enumerate(all_states().sums().threads.states_ns):
        assert page.state_sums(1 + thread) == dict(zip(STATE_NAMES, states_ns, strict=True))


@pytest.mark.parametrize("detail", ["functions", "lines"])
def test_every_level_adds_up_to_what_is_above_it(open_page: Open, detail: str) -> None:
    """What of a box has no caller is what its stacks end in."""
    page = open_page(ManyStacks(2000))
    page.choose("detail", detail)
    page.choose("order", "inverted")
    script = """(() => {
        const { tree } = page, wrong = [];
        const total = (node, sums) => sums.slice(node * tree.width, (node + 1) * tree.width).reduce((a, b) => a + b, 0);
        for (let node = 0; node < 3000; node++) {
            const ended = tree.members[node].filter(member => member.stack < 0).map(member => member.row);
            const left = ended.reduce((all, row) => all + total(row, tree.amounts), 0);
            const below = tree.childrenOf(node).reduce((all, child) => all + total(child, tree.sums), 0);
            if (Math.abs(total(node, tree.sums) - left - below) > 1) wrong.push(node);
        }
        return [wrong, tree.size];
    })()"""
    wrong, size = page.run(script)
    assert wrong == []
    assert size > 3000


FUNCTIONS = {
    "main (app.py)": ("3.00 s", "3.00 s"),
    "<no Python frame>": ("2.00 s", "2.00 s"),
    "Worker.step (work.py)": ("2.00 s", "2.00 s"),
    "walk (tree.py)": ("1.00 s", "1.00 s"),
    "<module> (app.py)": ("0 s", "4.00 s"),
    "Worker.run (work.py)": ("0 s", "2.00 s"),
}


@pytest.mark.parametrize("order", ["calls", "inverted"])
@pytest.mark.parametrize("threads", ["merged", "each"])
def test_the_table_has_all_functions_once_a_look(open_page: Open, order: str, threads: str) -> None:
    page = open_page(all_states())
    page.choose("order", order)
    page.choose("threads", threads)
    assert page.functions() == FUNCTIONS
    assert list(page.functions()) == list(FUNCTIONS)


def test_the_table_follows_zoom_and_switches(open_page: Open) -> None:
    page = open_page(all_states())
    page.at(1, "waiting").click().perform()
    assert page.functions() == {
        "main (app.py)": ("1.50 s", "1.50 s"), "Worker.step (work.py)": ("250 ms", "250 ms"),
        "<module> (app.py)": ("0 s", "1.50 s"), "Worker.run (work.py)": ("0 s", "250 ms"),
    }  # fmt: skip
    page.at(3, "main (app.py)").click().perform()
    assert page.functions() == {"main (app.py)": ("1.50 s", "1.50 s")}
    page.element("#all").click()
    for state in ("blocked", "held", "unknown", "waiting", "held_blocked"):
        page.switch(state).click()
    assert page.functions() == {"main (app.py)": ("1.00 s", "1.00 s"), "<module> (app.py)": ("0 s", "1.00 s")}


def test_the_table_follows_zoom_the_other_way_round(open_page: Open) -> None:
    page = open_page(all_states())
    page.choose("order", "inverted")
    page.choose("arrange", "stack")
    page.at(1, "walk (tree.py)").click().perform()
    assert page.functions() == {"walk (tree.py)": ("1.00 s", "1.00 s"), "<module> (app.py)": ("0 s", "1.00 s")}
    page.at(2, "walk (tree.py)").click().perform()
    assert page.functions() == {"walk (tree.py)": ("0 s", "1.00 s"), "<module> (app.py)": ("0 s", "1.00 s")}


def test_the_table_is_sorted_and_searches(open_page: Open) -> None:
    page = open_page(all_states())
    page.element("#functions button[data-by=all]").click()
    assert next(iter(page.functions())) == "<module> (app.py)"
    headings = page.run("[...document.querySelectorAll('#functions [aria-sort]')].map(th => th.ariaSort)")
    assert headings == ["none", "descending"]
    page.element("#functions tbody button").click()
    assert page.element("#matched").text == "1 name matches, 50 % of the time"
    assert page.element("#functions tbody [aria-pressed=true]").text == "<module> (app.py)"
    page.element("#functions tbody button").click()
    assert page.element("#matched").text == ""


def test_the_table_says_what_it_leaves_out(open_page: Open) -> None:
    page = open_page(ManyStacks(5000))
    assert len(page.functions()) == 100
    total = page.run("page.functionTable.all.length")
    assert page.element("#functions-more").text == f"{total - 100} more are not shown"
