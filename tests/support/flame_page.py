"""A flame graph's page in a browser, as people use it."""

from __future__ import annotations

from typing import Any

from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement


class Page:
    """The page that ``driver`` shows."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def run(self, expression: str, *args: object) -> Any:
        return self.driver.execute_script(f"return {expression}", *args)

    def element(self, css: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def switch(self, state: str) -> WebElement:
        return self.element(f"#legend [data-state={state}]")

    def choose(self, name: str, value: str) -> None:
        self.element(f"input[name={name}][value={value}] + span").click()

    def search(self, text: str) -> str:
        field = self.element("#search")
        field.clear()
        field.send_keys(text)
        return self.element("#matched").text

    def blame(self, side: str, function: str) -> str:
        """Choose a function that waits, or has the GIL (``side``: waiter, holder), by its label; what the page says."""
        self.choose("view", "blame")
        self.choose("side", side)
        script = "[...document.querySelectorAll('#chosen option')].map(option => option.textContent)"
        (number,) = [at for at, text in enumerate(self.run(script)) if text.rpartition("  ")[2] == function]
        self.element("#chosen").send_keys(Keys.HOME, *[Keys.ARROW_DOWN] * number)
        return self.element("#told").text

    def functions(self) -> dict[str, tuple[str, ...]]:
        """The cells of the table beside the graph, by function."""
        script = """[...document.querySelectorAll('#functions tbody tr')]
            .map(row => [...row.cells].map(cell => cell.textContent))"""
        return {name: tuple(cells) for name, *cells in self.run(script)}

    def rows(self) -> list[list[str]]:
        """The labels of the boxes that are drawn, by row."""
        rows: list[list[str]] = self.run("page.chart.rows.map(row => row.map(p => page.view.label(p.box)))")
        return rows

    def widths(self) -> list[dict[str, float]]:
        """Likewise the share of the whole width that each has."""
        script = "page.chart.rows.map(row => row.map(p => [page.view.label(p.box), p.width / page.chart.width]))"
        return [dict(row) for row in self.run(script)]

    def state_sums(self, node: int = 0) -> dict[str, float]:
        """Nanoseconds by state of a node of the tree; 0 is everything."""
        states = self.run("page.data.states")
        sums = self.run("[...page.tree.sums.slice(arguments[0], arguments[1])]", 6 * node, 6 * node + 6)
        return dict(zip(states, sums, strict=True))

    def at(self, row: int, label: str) -> ActionChains:
        """The mouse on the box of this label in a row."""
        column = self.rows()[row].index(label)
        x, width = self.run(f"[page.chart.rows[{row}][{column}].x, page.chart.rows[{row}][{column}].width]")
        canvas = self.element("#canvas")
        size = canvas.size
        middle = (x + width / 2 - size["width"] / 2, (row + 0.5) * self.run("ROW") - size["height"] / 2)
        return ActionChains(self.driver).move_to_element_with_offset(canvas, round(middle[0]), round(middle[1]))

    def pixel(self, x: float, y: float) -> list[int]:
        """Red, green, blue and alpha of a point of the canvas."""
        script = """((x, y) => {
            const copy = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
            copy.drawImage(page.chart.canvas, -x, -y);
            return [...copy.getImageData(0, 0, 1, 1).data];
        })(arguments[0], arguments[1])"""
        pixel: list[int] = self.run(script, x, y)
        return pixel

    def tip(self) -> str:
        return self.element("#tip").text

    def press(self, *keys: str) -> None:
        self.element("#chart").send_keys(*keys)
