"""The timeline's page in a real browser: its figures are the profile's, of all the time and of any part of it."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from gilprof.analysis.profile import Profile
from gilprof.model import STATE_NAMES, Batch
from gilprof.report.build import build_report
from gilprof.report.select import TimeCut
from tests.browser.test_accessible import NAMED, tree
from tests.support.browser import complaints, requests
from tests.support.exported import MAIN, STEP, every_state, exported, profiled, seconds
from tests.support.facts import INFO, Script
from tests.support.time_page import TimePage

Open = Callable[[list[Batch]], TimePage]
GAP_S = 0.001


@pytest.fixture
def open_timeline(driver: Chrome, tmp_path: Path) -> Iterator[Open]:
    """Opens the page of these facts; at the end it must have asked for nothing else, and complained of nothing."""
    file = tmp_path / "run.timeline.html"

    def opened(batches: list[Batch]) -> TimePage:
        file.write_bytes(exported("timeline", *profiled(batches)))
        requests(driver)
        driver.get(file.as_uri())
        return TimePage(driver)

    yield opened
    assert set(requests(driver)) == {file.as_uri()}
    assert complaints(driver) == []


def contended() -> Batch:
    """Four seconds of a convoy: who has the GIL changes every 7 ms, so that cells are of several."""
    script = Script()
    for ms in range(4000):
        names = ["a", "b", "c"]
        holder = names.pop(ms // 7 % 3)
        script.at(ms).holds(holder, *STEP, cpu_ms=0.9)
        for name in names:
            script.waits(name, *MAIN)
    return script.batch()


def of_part(batch: Batch, from_s: float, to_s: float) -> Profile:
    """As ``gilprof report --from --to`` sees it."""
    profile, _ = profiled([TimeCut(INFO.wall_anchor, from_s, to_s).cut(batch)])
    return profile


def report_waits(profile: Profile) -> dict[tuple[str | None, str], float]:
    process = build_report(profile).processes[0]
    name = {thread.id: thread.name for thread in process.threads}
    sums: defaultdict[tuple[str | None, str], float] = defaultdict(float)
    for row in process.blame.threads:
        sums[None if row.holder is None else name[row.holder], name[row.waiter]] += row.seconds
    return dict(sums)


def flame_sums(page: TimePage) -> dict[str, float]:
    return {state: ns / 1e9 for state, ns in page.state_sums().items()}


def by_state(parts: dict[tuple[str, str], float]) -> dict[str, float]:
    return {state: sum((value for (_, was), value in parts.items() if was == state), 0.0) for state in STATE_NAMES}


@pytest.mark.parametrize("batch", [every_state().batch(), contended()], ids=["every state", "contended"])
def test_all_the_time_is_the_profiles(open_timeline: Open, batch: Batch) -> None:
    profile, _ = profiled([batch])
    page = open_timeline([batch])
    assert page.chosen() is None
    assert page.seconds() == pytest.approx(seconds(profile))
    assert page.waits() == pytest.approx(report_waits(profile))
    assert flame_sums(page) == pytest.approx(by_state(seconds(profile)))
    page.run("timePage.choose(0, timePage.recording.duration)")
    assert flame_sums(page) == pytest.approx(by_state(seconds(profile)))
    assert page.run("page.tree.blamed[0]") / 1e9 == pytest.approx(by_state(seconds(profile))["waiting"])


@pytest.mark.parametrize(("first", "last"), [((1, 20), (2, 34)), ((3, 70), (0, 99)), ((2, 50), (2, 50))])
def test_a_drag_is_the_report_of_that_time(open_timeline: Open, first: tuple[int, int], last: tuple[int, int]) -> None:
    page = open_timeline([contended()])
    page.drag_cells(first, last)
    chosen = page.chosen()
    cells = sorted(100 * second + cell for second, cell in (first, last))
    assert chosen == pytest.approx((cells[0] / 100, (cells[1] + 1) / 100))
    assert chosen is not None
    profile = of_part(contended(), *chosen)
    assert page.seconds() == pytest.approx(seconds(profile), abs=1.1 * GAP_S)
    assert page.waits() == pytest.approx(report_waits(profile), abs=1.1 * GAP_S)
    assert flame_sums(page) == pytest.approx(by_state(page.seconds()))
    assert sum(page.seconds().values()) == pytest.approx(3 * (chosen[1] - chosen[0]))
    assert page.run("page.tree.blamed[0]") / 1e9 == pytest.approx(by_state(page.seconds())["waiting"])
    page.choose("view", "blame")
    assert page.run("page.tree.sums[0]") / 1e9 == pytest.approx(by_state(page.seconds())["waiting"])


def test_a_look_counts_with_the_part_that_is_inside(open_timeline: Open) -> None:
    """Edges that no pass is at: time and blame are cut alike."""
    page = open_timeline([contended()])
    page.run("timePage.choose(1.2003e9, 1.4507e9)")
    assert sum(page.seconds().values()) == pytest.approx(3 * 0.2504)
    waiting = by_state(page.seconds())["waiting"]
    assert waiting == pytest.approx(2 * 0.2504)
    assert sum(page.waits().values()) == pytest.approx(waiting)
    assert page.run("page.tree.blamed[0]") / 1e9 == pytest.approx(waiting)


def test_all_the_time_again(open_timeline: Open) -> None:
    page = open_timeline([every_state().batch()])
    whole = page.seconds(), flame_sums(page)
    page.drag_cells((0, 10), (0, 20))
    assert page.element("#chosen-words").text == "0.1000 s to 0.2100 s: 110 ms"
    page.element("#whole").click()
    assert (page.seconds(), flame_sums(page)) == whole


def test_the_heatmap_has_the_waiters(open_timeline: Open) -> None:
    """One waits up to 1.1 s, then nobody; 1.1 to 1.2 s were not observed, but for the pass at 1.2 s."""
    page = open_timeline([every_state().batch()])
    values = page.run("[...timePage.heat.values]")
    assert values[:109] == pytest.approx([1.0] * 109)
    assert values[112:118] == [-1.0] * 6
    assert values[120:200] == [0.0] * 80
    waits, none, gone = page.heat_colour(0, 50), page.heat_colour(1, 60), page.heat_colour(1, 15)
    assert len({tuple(waits), tuple(none), tuple(gone)}) == 3
    assert [item.text for item in page.driver.find_elements("css selector", "#heat-legend li")][::5] == ["0", "1"]


def test_single_looks_with_tip_and_holder(open_timeline: Open) -> None:
    page = open_timeline([contended()])
    page.run("timePage.lanes.look(1e9, 1.02e9)")
    lanes = page.element("#lanes canvas")
    page.run("arguments[0].scrollIntoView({ block: 'center' })", lanes)
    x, size = page.run("timePage.lanes.xOf(1.0035e9)"), lanes.size
    track = page.run("timePage.lanes.tracks.findIndex(track => track.name === 'b')") + 1
    y = page.run(f"AXIS + {track} * LANE + BAR / 2")
    ActionChains(page.driver).move_to_element_with_offset(
        lanes, round(x - size["width"] / 2), round(y - size["height"] / 2)
    ).perform()
    lines = page.tip().splitlines()
    holder = "abc"[1004 // 7 % 3]
    assert lines[0].startswith("b (tid 4243): ")
    assert lines[-1] == f"The GIL: {holder}, Worker.step (work.py:33)"


def test_worst_episodes_are_marked_and_reached(open_timeline: Open) -> None:
    batch = every_state().batch()
    profile, _ = profiled([batch])
    worst = build_report(profile).processes[0].episodes.worst[0]
    page = open_timeline([batch])
    assert page.run("timePage.lanes.worst.length") == len(build_report(profile).processes[0].episodes.worst)
    page.element("#next-worst").click()
    chosen = page.chosen()
    assert chosen == pytest.approx((max(worst.start_s, 0), worst.start_s + worst.seconds))
    page.run("document.querySelector('#time details').open = true")
    page.element("#worst button[aria-label='Show episode 2']").click()
    assert page.chosen() != chosen


def test_keyboard(open_timeline: Open) -> None:
    page = open_timeline([contended()])
    heat, lanes = page.element("#heat"), page.element("#lanes")

    def said() -> str:
        return str(page.run("document.querySelector('#said').textContent"))

    heat.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    assert said() == "1.01 s to 1.02 s: 2 threads wait"
    heat.send_keys(Keys.SHIFT + Keys.ARROW_RIGHT + Keys.ARROW_DOWN)
    assert page.chosen() == pytest.approx((1.01, 2.03))
    heat.send_keys(Keys.ESCAPE)
    assert page.chosen() is None
    heat.send_keys(Keys.ENTER)
    assert page.chosen() == pytest.approx((2.02, 2.03))
    lanes.send_keys("+", "+")
    assert page.run("timePage.lanes.to - timePage.lanes.from") < 1.1e9
    lanes.send_keys(Keys.ARROW_RIGHT)
    first = said()
    lanes.send_keys(Keys.ARROW_RIGHT)
    assert first.split(":")[0] == "a (tid 4242)"
    assert said() != first
    lanes.send_keys(Keys.ARROW_DOWN)
    assert said().startswith("b (tid 4243)")
    lanes.send_keys("n")
    assert said().startswith("Episode 1")


def test_a_screen_reader_is_told(open_timeline: Open) -> None:
    page = open_timeline([every_state().batch()])
    page.run("document.querySelector('#time details').open = true")
    found = tree(page)
    assert [role for role, name, _ in found if role in NAMED and not name] == []
    there = {(role, name) for role, name, _ in found}
    for named in (
        ("application", "Threads that wait for the GIL"), ("application", "Threads over time"), ("table", "Threads"),
        ("table", "Who waits for whom"), ("table", "Worst episodes of all threads"), ("button", "Show episode 1"),
    ):  # fmt: skip
        assert named in there


def test_light_and_dark(open_timeline: Open) -> None:
    page = open_timeline([every_state().batch()])
    colours = []
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        page.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        colours.append((page.heat_colour(0, 50), page.heat_colour(1, 60)))
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert colours[0][0] != colours[1][0]
    assert sum(colours[0][1][:3]) > 600 > 200 > sum(colours[1][1][:3])


@pytest.mark.parametrize(
    "name", ["</script><script>window.harmed = 1</script>", "a\n\"'<b>", "\udcff\ud800", "<img src=x>"]
)
def test_names_are_text(open_timeline: Open, name: str) -> None:
    script = Script()
    for ms in range(50):
        script.at(ms).holds(name, f"{name} /srv/app.py:3").waits("b", f"{name} /srv/app.py:3")
    page = open_timeline([script.batch()])
    page.drag_cells((0, 1), (0, 2))
    assert page.run("window.harmed") is None
    assert page.run("document.querySelectorAll('img, b').length") == 0
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)
    assert page.run("timePage.recording.tracks[0].name") == shown
    assert shown in page.run("document.querySelector('#time-tables').textContent")


def test_nothing_and_a_single_look(open_timeline: Open) -> None:
    page = open_timeline([Script().batch()])
    assert page.seconds() == {}
    assert page.element("#time-summary").text == "No time was observed."
    page.element("#heat").send_keys(Keys.ARROW_DOWN, Keys.ENTER, Keys.ESCAPE)
    page.element("#lanes").send_keys("+", Keys.ARROW_RIGHT, Keys.ARROW_DOWN, "n")
    page = open_timeline([Script().at(0).holds("main", "f a.py:1").batch()])
    assert page.seconds() == {}
    page = open_timeline([Script().at(0).holds("main", "f a.py:1").at(1).holds("main", "f a.py:1").batch()])
    assert page.seconds() == pytest.approx({("main", "held"): 0.001})
    page.drag_cells((0, 0), (0, 0))
    assert page.seconds() == pytest.approx({("main", "held"): 0.001})


def test_deep_stacks(open_timeline: Open) -> None:
    script, deep = Script(), [f"f{depth} /srv/deep.py:{depth}" for depth in range(4000)]
    for ms in range(20):
        script.at(ms).holds("main", *deep)
    page = open_timeline([script.batch()])
    page.drag_cells((0, 0), (0, 0))
    assert page.seconds() == pytest.approx({("main", "held"): 0.01})
    assert any(row == ["<frames left out>"] for row in page.rows())


def test_many_runs_stay_quick(open_timeline: Open) -> None:
    """Eight threads that change at every look: tens of thousands of runs. Each redraw takes a hundredth of this."""
    script = Script()
    lines = [script.stack(f"f /srv/app.py:{line}") for line in range(1, 8)]
    for ms in range(8000):
        script.at(ms)
        for thread in range(8):
            script.blocks(f"t{thread}", stack=lines[(ms * 3 + thread) % 7])
    began = time.monotonic()
    page = open_timeline([script.batch()])
    assert page.run("timePage.recording.tracks.reduce((sum, track) => sum + track.size, 0)") > 60_000
    assert time.monotonic() - began < 60
    for work in ("timePage.choose(null)", "timePage.lanes.draw()", "timePage.choose(1e9, 2e9)"):
        took = page.run(f"(() => {{ const began = performance.now(); {work}; return performance.now() - began; }})()")
        assert took < 1000, work
