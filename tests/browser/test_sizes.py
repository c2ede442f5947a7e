"""Nothing at all, tens of thousands of stacks, and very deep ones."""

from __future__ import annotations

from selenium.webdriver.common.keys import Keys

from gilprof.model import STATE_NAMES, State
from tests.browser.conftest import Open
from tests.support.made_up import MadeUp, Place, Seen
from tests.support.many_stacks import ManyStacks

PLACE: Place = ("main", "/srv/app.py", 1, 3)


def test_nothing_observed(open_page: Open) -> None:
    page = open_page(MadeUp())
    assert page.rows() == []
    assert page.element("#nothing").text == "No time was observed in what was asked for."
    page.press(Keys.ARROW_DOWN, Keys.ENTER)
    assert page.search("x") == "0 names match, ? of the time"


def test_fifty_thousand_stacks(open_page: Open) -> None:
    """Each redraw is far below the tenth of a second that feels immediate; here it may take ten times that."""
    profile = ManyStacks(50_000)
    page = open_page(profile)
    drawn = page.run("page.chart.rows.flat().length")
    assert 1000 < drawn < page.run("page.tree.size")
    assert page.run("page.chart.rows.flat().every(place => place.width >= NARROWEST)")
    sums = profile.sums().nodes.states_ns.sum(axis=0)
    for order in ("calls", "inverted"):
        page.choose("order", order)
        for redraw in ("page.look()", "page.arrange()", "page.search('step_1')", "page.zoom(page.chart.rows[3][2].box)",
                       "page.back()"):  # fmt: skip
            script = f"(() => {{ const began = performance.now(); {redraw}; return performance.now() - began; }})()"
            assert page.run(script) < 1000, (order, redraw)
        assert page.run("document.querySelectorAll('*').length") < 6000
        assert page.state_sums() == {name: sums[state] for state, name in enumerate(STATE_NAMES)}


def test_a_deep_stack_scrolls(open_page: Open) -> None:
    """4,000 frames are cut to 500, and the cut is marked; a canvas as high as they are would be a waste."""
    deep = tuple((f"f{depth}", "/srv/deep.py", depth, depth) for depth in range(1, 4001))
    page = open_page(MadeUp().threads("a").add(1.0, {0: Seen(State.HELD, deep)}))
    assert len(page.rows()) == 502
    assert page.rows()[252] == ["<frames left out>"]
    assert [page.rows()[row] for row in (2, 251, 253, 501)] == [
        ["f1 (deep.py)"], ["f250 (deep.py)"], ["f3752 (deep.py)"], ["f4000 (deep.py)"]
    ]  # fmt: skip
    assert page.element("#canvas").size["height"] < 1000
    page.run("document.getElementById('chart').scrollTo(0, 1e6)")
    page.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    bottom = page.run("page.chart.host.getBoundingClientRect().bottom")
    last = page.run(f"page.view.label(page.chart.at(100, {bottom} - 10).box)")
    assert last == "f4000 (deep.py)"
    assert page.pixel(50, page.run("page.chart.canvas.height") - 5)[3] == 255


def test_one_look(open_page: Open) -> None:
    page = open_page(MadeUp().threads("a").add(0.001, {0: Seen(State.WAITING, (PLACE,))}, passes=1))
    assert page.rows() == [["all threads"], ["waiting"], ["main (app.py)"]]
    assert page.switch("waiting").text == "waiting\n1.00 ms, 100 %"


def test_a_low_chart_is_as_wide_as_its_place(open_page: Open) -> None:
    """No scroll bar is made room for that nothing needs, whatever was drawn before."""
    deep = tuple((f"f{depth}", "/srv/deep.py", depth, depth) for depth in range(1, 101))
    profile = MadeUp().threads("a").add(1.0, {0: Seen(State.HELD, (PLACE,))}).add(1.0, {0: Seen(State.WAITING, deep)})
    page = open_page(MadeUp().threads("a").add(1.0, {0: Seen(State.HELD, (PLACE,))}))
    assert page.run("page.chart.width === page.host.clientWidth")
    page = open_page(profile)
    page.at(1, "held").click().perform()
    assert page.run("page.chart.width === page.host.clientWidth")
