"use strict";

// The graph without a mouse: a box that arrow keys move.

class Keyboard {
  constructor(page) {
    this.page = page;
    const { host } = page;
    host.addEventListener("keydown", (event) => this.onKey(event));
    host.addEventListener("focus", () => page.ringFocused());
    host.addEventListener("blur", () => {
      page.ringFocused();
      page.hover(null);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.target === byId("search")) return;
      event.preventDefault();
      byId("search").focus();
    });
  }

  onKey(event) {
    const { page } = this;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") page.zoom(page.focused);
    else if (event.key === "Escape" || event.key === "Backspace") page.back();
    else if (event.key === "b") page.blame(page.focused);
    else if (/^(Arrow(Up|Down|Left|Right)|Home)$/.test(event.key)) this.move(event.key);
    else return;
    event.preventDefault();
  }

  move(key) {
    const { chart, focused } = this.page;
    const { rows } = chart;
    const { row, column } = chart.find(focused) ?? { row: 0, column: 0 };
    if (rows.length === 0) return;
    const here = rows[row][column];
    let [toRow, toColumn] = [row, column];
    if (key === "ArrowLeft") toColumn = Math.max(column - 1, 0);
    if (key === "ArrowRight") toColumn = Math.min(column + 1, rows[row].length - 1);
    if (key === "Home") [toRow, toColumn] = [0, 0];
    if (key === "ArrowUp" && row > 0) {
      [toRow, toColumn] = [row - 1, rows[row - 1].findIndex((place) => this.isChild(here.box, place.box))];
    }
    if (key === "ArrowDown" && row + 1 < rows.length) {
      const below = rows[row + 1].findIndex((place) => this.isChild(place.box, here.box));
      if (below >= 0) [toRow, toColumn] = [row + 1, below];
    }
    this.focus(rows[toRow][toColumn], toRow);
  }

  /** Move the box, keep it in sight, and say what it is. */
  focus(place, row) {
    const { page } = this;
    page.focused = place.box;
    const top = row * ROW;
    const highest = top + ROW - page.host.clientHeight;
    page.host.scrollTop = Math.min(Math.max(page.host.scrollTop, highest), top);
    page.ringFocused();
    const room = byId("room").getBoundingClientRect();
    page.hover(place, room.left + place.x, room.top + top, room.top + top + ROW);
    byId("said").textContent = spoken(page.view, place.box);
  }

  isChild(box, of) {
    const { view } = this.page;
    const parent = view.parent(box);
    return parent !== null && view.key(parent) === view.key(of);
  }
}
