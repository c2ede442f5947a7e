"""The blame view: who had the GIL while a function waited, and whom a holder kept waiting."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.by import By

from gilprof.exporters.page_data import NO_HOLDER
from gilprof.model import State
from tests.browser.conftest import Open
from tests.support.all_states import MAIN, STEP, all_states
from tests.support.made_up import MadeUp, Place, Seen
from tests.support.many_stacks import ManyStacks

SORT: tuple[Place, ...] = (("Feeder.sort", "/srv/feed.py", 1, 3),)


def convoy() -> MadeUp:
    """MainThread waits 3 s for the feeder's sort and 1 s for a worker, which waits 2 s for the feeder; half a second
    in which nobody has the GIL."""
    profile = MadeUp().threads("MainThread", "worker", "feeder")
    profile.add(2.0, {0: Seen(State.WAITING, MAIN), 1: Seen(State.WAITING, STEP), 2: Seen(State.HELD, SORT)})
    profile.add(1.0, {0: Seen(State.WAITING, MAIN), 1: Seen(State.BLOCKED, STEP), 2: Seen(State.HELD, SORT)})
    profile.add(1.0, {0: Seen(State.WAITING, MAIN), 1: Seen(State.HELD, STEP), 2: Seen(State.BLOCKED, SORT)})
    return profile.add(0.5, {0: Seen(State.WAITING, MAIN), 1: Seen(State.BLOCKED, STEP)})


def test_who_had_the_gil(open_page: Open) -> None:
    page = open_page(convoy())
    assert page.blame("waiter", "main (app.py)") == (
        "main waited 4.50 s. Below: the stacks that had the GIL meanwhile."
    )
    assert page.widths()[0] == {"all threads": 1.0}
    assert page.widths()[1] == pytest.approx(
        {
            "Feeder.sort (feed.py)": 3 / 4.5,
            "Worker.run (work.py)": 1 / 4.5,
            "<hand-over: nobody has the GIL>": 0.5 / 4.5,
        }
    )
    assert page.functions()["Feeder.sort (feed.py)"] == ("3.00 s", "3.00 s")
    page.choose("threads", "each")
    assert page.widths()[1] == pytest.approx({"feeder": 3 / 4.5, "worker": 1 / 4.5, "<no thread>": 0.5 / 4.5})
    assert page.search("sort") == "1 name matches, 67 % of the time"


def test_whom_a_holder_kept_waiting(open_page: Open) -> None:
    page = open_page(convoy())
    assert page.blame("holder", "Feeder.sort (feed.py)") == (
        "Others waited 5.00 s for Feeder.sort. Below: the stacks that waited."
    )
    assert page.widths()[1] == pytest.approx({"<module> (app.py)": 0.6, "Worker.run (work.py)": 0.4})
    page.choose("order", "inverted")
    assert page.widths()[1] == pytest.approx({"main (app.py)": 0.6, "Worker.step (work.py)": 0.4})
    page.at(1, "main (app.py)").perform()
    assert "waiting 3.00 s 100 % 3.00 s" in page.tip().splitlines()


def test_all_of_it_is_all_the_waiting(open_page: Open) -> None:
    page = open_page(convoy())
    page.choose("view", "blame")
    assert page.element("#told").text == "All threads waited 6.50 s. Below: the stacks that had the GIL meanwhile."
    page.choose("side", "holder")
    assert page.element("#told").text == "Others waited 6.50 s. Below: the stacks that waited."
    assert not page.element("#legend").is_displayed()
    page.choose("view", "time")
    assert page.element("#legend").is_displayed()
    assert page.switch("waiting").text == "waiting\n6.50 s, 50 %"


@pytest.mark.parametrize("side", ["waiter", "holder"])
def test_the_seconds_of_every_choice_are_the_graphs(open_page: Open, side: str) -> None:
    """And on the waiter's side they are the profile's: each function's waiting with it on the stack."""
    page = open_page(convoy())
    page.choose("view", "blame")
    page.choose("side", side)
    script = """page.chooser.blame.choices(arguments[0]).map(choice => {
        page.chooser.choose(arguments[0], choice.function);
        page.arrange();
        return [page.data.functions[choice.function][0], choice.ns, page.view.value(page.view.root)];
    })"""
    found = {name: (ns, drawn) for name, ns, drawn in page.run(script, side)}
    seconds = {name: ns / 1e9 for name, (ns, drawn) in found.items() if ns == drawn}
    assert len(seconds) == len(found)
    nobody = next(iter(NO_HOLDER.values()))
    assert seconds == (
        {"<module>": 4.5, "main": 4.5, "Worker.run": 2.0, "Worker.step": 2.0}
        if side == "waiter"
        else {"Feeder.sort": 5.0, "Worker.run": 1.0, "Worker.step": 1.0, nobody: 0.5}
    )


def test_choices_have_the_most_first_and_callers_last(open_page: Open) -> None:
    page = open_page(convoy())
    page.choose("view", "blame")
    groups = page.driver.find_elements(By.CSS_SELECTOR, "#chosen optgroup")
    assert [group.get_attribute("label") for group in groups] == ["on top of a stack", "their callers"]
    shown = [option.get_attribute("textContent") for option in groups[0].find_elements(By.TAG_NAME, "option")]
    assert shown == ["4.50 s  main (app.py)", "2.00 s  Worker.step (work.py)"]


def test_from_a_box_to_its_blame(open_page: Open) -> None:
    page = open_page(convoy())
    assert not page.element("#blame-this").is_enabled()
    page.at(1, "waiting").click().perform()
    assert not page.element("#blame-this").is_enabled(), "a state is no function"
    page.at(3, "Worker.step (work.py)").click().perform()
    page.element("#blame-this").click()
    assert page.element("#told").text.startswith("Worker.step waited 2.00 s.")
    assert page.widths()[1] == pytest.approx({"Feeder.sort (feed.py)": 1.0})
    page.at(1, "Feeder.sort (feed.py)").click().perform()
    page.press("b")
    assert page.element("#told").text == "Others waited 5.00 s for Feeder.sort. Below: the stacks that waited."
    assert page.run("page.chosen('side')") == "holder"


def test_nothing_to_blame(open_page: Open) -> None:
    for profile in (MadeUp(), MadeUp().threads("a").add(1.0, {0: Seen(State.HELD, MAIN)})):
        page = open_page(profile)
        page.choose("view", "blame")
        assert page.rows() == []
        assert page.element("#told").text.startswith("All threads waited 0 s.")


def test_one_look(open_page: Open) -> None:
    page = open_page(
        MadeUp().threads("a", "b").add(0.001, {0: Seen(State.WAITING, MAIN), 1: Seen(State.HELD, STEP)}, passes=1)
    )
    assert page.blame("holder", "Worker.step (work.py)").startswith("Others waited 1.00 ms for Worker.step.")
    assert page.rows() == [["all threads"], ["<module> (app.py)"], ["main (app.py)"]]


@pytest.mark.parametrize("name", ["</script><script>window.harmed = 1</script>", "<img src=x onerror='harmed = 1'>"])
def test_names_are_text(open_page: Open, name: str) -> None:
    profile = MadeUp().threads(name, "b")
    stack = ((name, "/srv/a.py", 1, 3),)
    page = open_page(profile.add(1.0, {0: Seen(State.WAITING, stack), 1: Seen(State.HELD, stack)}))
    assert page.blame("waiter", f"{name} (a.py)").startswith(f"{name} waited 1.00 s.")
    assert list(page.functions()) == [f"{name} (a.py)"]
    assert page.run("window.harmed") is None


def test_all_states_have_blame_of_both_kinds_of_holders(open_page: Open) -> None:
    page = open_page(all_states())
    assert page.blame("holder", "Worker.step (work.py)").startswith("Others waited 1.50 s for Worker.step.")


def test_many_pairs_are_drawn_at_once(open_page: Open) -> None:
    """As for the graph of time: a tenth of a second feels immediate, and here it may take ten times that."""
    page = open_page(ManyStacks(50_000))
    script = "(() => { const began = performance.now(); %s; return performance.now() - began; })()"
    page.choose("view", "blame")
    assert page.run("page.data.pairs.ns.length") >= 50_000
    for redraw in ("page.arrange()", "page.chooser.choose('waiter', 5); page.arrange()"):
        assert page.run(script % redraw) < 1000, redraw
