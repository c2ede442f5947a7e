"""A timeline's page: what its data say, and the page in a browser, as people use it."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains

from tests.support.flame_page import Page


def data_of(page: str) -> Any:
    """What the timeline's scripts read."""
    found = re.search(r'<script type="application/json" id="timeline-data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def numbers(column: Mapping[str, str]) -> Any:
    return np.frombuffer(zlib.decompress(base64.b64decode(column["data"])), f"<{column['type']}").astype(np.int64)


def seconds_of(page: str) -> dict[tuple[str, str], float]:
    """By thread and state, over the runs of all threads that were asked for."""
    data = data_of(page)
    weight_ns = np.append(0, np.cumsum(numbers(data["passes"]["weight_ns"])))
    state_of = np.append(-1, numbers(data["keys"]["state"]))
    sums: defaultdict[tuple[str, str], float] = defaultdict(float)
    for track in data["tracks"]:
        key, count = numbers(track["key"]), numbers(track["count"])
        end = np.cumsum(count)
        ns = weight_ns[end] - weight_ns[end - count]
        for state, name in enumerate(data["states"]):
            amount = int(ns[state_of[key] == state].sum())
            if amount and track["listed"]:
                sums[track["name"], name] += amount / 1e9
    return dict(sums)


class TimePage(Page):
    """The page that ``driver`` shows, once it is ready."""

    def __init__(self, driver: Chrome) -> None:
        super().__init__(driver)
        script = "const [done] = arguments; (function look() { timePage ? done(true) : setTimeout(look, 5); })()"
        assert driver.execute_async_script(script)

    def seconds(self) -> dict[tuple[str, str], float]:
        """By thread and state, of the time chosen."""
        names = self.run("timePage.recording.tracks.map(track => track.name)")
        states, by_track = self.run("timePage.recording.states"), self.run("timePage.sums.byTrack.map(row => [...row])")
        return {
            (name, state): ns / 1e9
            for name, row in zip(names, by_track, strict=True)
            for state, ns in zip(states, row, strict=True)
            if ns
        }

    def waits(self) -> dict[tuple[str | None, str], float]:
        """Seconds by holder (None: nobody, or not known) and waiter, of the time chosen."""
        names = self.run("timePage.recording.tracks.map(track => track.name)")
        sums: defaultdict[tuple[str | None, str], float] = defaultdict(float)
        for pair in self.run("timePage.sums.waits"):
            sums[names[pair["holder"]] if pair["holder"] >= 0 else None, names[pair["waiter"]]] += pair["ns"] / 1e9
        return dict(sums)

    def chosen(self) -> tuple[float, float] | None:
        """Seconds."""
        chosen = self.run("timePage.chosen")
        return None if chosen is None else (chosen["from"] / 1e9, chosen["to"] / 1e9)

    def drag_cells(self, first: tuple[int, int], last: tuple[int, int]) -> None:
        """From one cell to another one: (second, ten milliseconds in it)."""
        canvas = self.element("#heat canvas")
        self.run("arguments[0].scrollIntoView({ block: 'center' })", canvas)
        width, height = self.run("[timePage.heat.width, CELL_HEIGHT]")
        size = canvas.size

        def place(cell: tuple[int, int]) -> tuple[int, int]:
            x, y = (cell[0] + 0.5) * width - size["width"] / 2, (cell[1] + 0.5) * height - size["height"] / 2
            return round(x), round(y)

        actions = ActionChains(self.driver).move_to_element_with_offset(canvas, *place(first)).click_and_hold()
        actions.move_to_element_with_offset(canvas, *place(last)).release().perform()

    def heat_colour(self, second: int, row: int) -> list[int]:
        script = """((x, y) => {
            const copy = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
            copy.drawImage(timePage.heat.canvas, -x, -y);
            return [...copy.getImageData(0, 0, 1, 1).data];
        })"""
        width, height = self.run("[timePage.heat.width, CELL_HEIGHT]")
        colour: list[int] = self.run(f"{script}({second * width + width // 2}, {row * height + 1})")
        return colour
