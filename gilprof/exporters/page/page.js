"use strict";

// What people do: switch, arrange, search, zoom, go back; with a mouse, a finger or the keyboard.

class Page {
  constructor(data) {
    this.data = data;
    this.on = data.states.map(() => true);
    this.host = byId("chart");
    this.paint = new Paint(data);
    this.chart = new Chart(this.host, this.paint);
    this.switches = data.states.map((state, column) => this.makeSwitch(state, column));
    byId("legend").append(...this.switches);
    this.listen();
    this.arrange();
  }

  chosen(name) {
    return document.querySelector(`input[name="${name}"]:checked`).value;
  }

  /** Another tree or another arrangement: begin at everything. */
  arrange() {
    this.tree = new Tree(this.data, this.chosen("threads") === "each", this.chosen("detail") === "lines");
    this.zoomed = this.focused = { node: 0, state: ALL };
    this.before = [];
    this.look();
  }

  /** Other states: stay where this can be seen. */
  look() {
    this.view = new View(this.tree, this.on, this.chosen("arrange") === "state");
    while (this.view.value(this.zoomed) === 0 && this.view.parent(this.zoomed)) {
      this.zoomed = this.view.parent(this.zoomed);
    }
    this.before = this.before.filter((box) => this.view.value(box) > 0);
    this.found = this.view.matches(byId("search").value);
    this.draw();
  }

  draw() {
    const { view, zoomed } = this;
    this.hover(null);
    this.chart.show(view, zoomed, this.found);
    byId("back").disabled = this.before.length === 0;
    byId("all").disabled = zoomed.node === 0 && zoomed.state === ALL;
    byId("nothing").hidden = this.chart.rows.length > 0;
    byId("nothing").textContent = this.on.some((on) => !on)
      ? "No time in the states that are switched on." : "No time was observed in what was asked for.";
    this.tellFigures();
    this.tellMatches();
    if (!this.chart.find(this.focused)) this.focused = zoomed;
    this.ringFocused();
  }

  tellFigures() {
    const { sums, width } = this.tree;
    const total = sums.subarray(0, width).reduce((a, b) => a + b, 0);
    this.switches.forEach((button, column) => {
      button.setAttribute("aria-pressed", String(this.on[column]));
      const figures = `${formatSeconds(sums[column])}, ${formatShare(sums[column], total)}`;
      button.querySelector(".figures").textContent = figures;
    });
  }

  tellMatches() {
    if (this.found === null) {
      byId("matched").textContent = "";
      return;
    }
    const { count, time } = this.view.matched(this.found, this.zoomed);
    const share = formatShare(time, this.view.value(this.zoomed));
    byId("matched").textContent = `${count} ${count === 1 ? "frame matches" : "frames match"}, ${share} of the time`;
  }

  makeSwitch(state, column) {
    const words = element("span", "", this.data.words[state]);
    const button = element("button", "", "", this.paint.swatch(column), words, element("span", "figures"));
    button.type = "button";
    button.dataset.state = state;
    button.title = this.data.meanings[state];
    button.addEventListener("click", () => {
      this.on[column] = !this.on[column];
      this.look();
    });
    return button;
  }

  /** Other colours. */
  repaint() {
    this.paint.read();
    this.switches.forEach((button, column) => button.firstChild.replaceWith(this.paint.swatch(column)));
    this.chart.paint();
  }

  zoom(box) {
    if (this.view.key(box) === this.view.key(this.zoomed)) return;
    this.before.push(this.zoomed);
    this.zoomed = this.focused = box;
    this.host.scrollTop = 0;
    this.draw();
  }

  back() {
    if (this.before.length === 0) return;
    this.focused = this.zoomed;
    this.zoomed = this.before.pop();
    this.draw();
  }

  /** Show the tip of a place beside a point of the window, below `bottom` or above `top`; without a place, none. */
  hover(place, x, top, bottom) {
    const tip = byId("tip");
    tip.hidden = place === null;
    this.chart.ring(byId("hovered"), place && place.box);
    if (place === null) return;
    tip.replaceChildren(...described(this.view, place.box, this.paint));
    const { width, height } = tip.getBoundingClientRect();
    const right = x + 16 + width > window.innerWidth ? x - width - 12 : x + 16;
    const below = bottom + 14 + height > window.innerHeight ? top - height - 14 : bottom + 14;
    Object.assign(tip.style, { left: `${Math.max(right, 4)}px`, top: `${Math.max(below, 4)}px` });
  }

  ringFocused() {
    this.chart.ring(byId("focused"), this.host.matches(":focus-visible") ? this.focused : null);
  }

  /** Move the keyboard's box, keep it in sight, and say what it is. */
  focus(place, row) {
    this.focused = place.box;
    const top = row * ROW;
    const highest = top + ROW - this.host.clientHeight;
    this.host.scrollTop = Math.min(Math.max(this.host.scrollTop, highest), top);
    this.ringFocused();
    const room = byId("room").getBoundingClientRect();
    this.hover(place, room.left + place.x, room.top + top, room.top + top + ROW);
    byId("said").textContent = spoken(this.view, place.box);
  }

  move(key) {
    const { rows } = this.chart;
    const { row, column } = this.chart.find(this.focused) ?? { row: 0, column: 0 };
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

  isChild(box, of) {
    const parent = this.view.parent(box);
    return parent !== null && this.view.key(parent) === this.view.key(of);
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") this.zoom(this.focused);
    else if (event.key === "Escape" || event.key === "Backspace") this.back();
    else if (/^(Arrow(Up|Down|Left|Right)|Home)$/.test(event.key)) this.move(event.key);
    else return;
    event.preventDefault();
  }

  listen() {
    for (const name of ["threads", "detail", "arrange"]) byId(name).addEventListener("change", () => this.arrange());
    byId("search").addEventListener("input", () => this.look());
    byId("search").addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      byId("search").value = "";
      this.look();
    });
    byId("back").addEventListener("click", () => this.back());
    byId("all").addEventListener("click", () => this.zoom(this.view.root));
    const { canvas } = this.chart;
    canvas.addEventListener("mousemove", ({ clientX: x, clientY: y }) => this.hover(this.chart.at(x, y), x, y, y));
    canvas.addEventListener("mouseleave", () => this.hover(null));
    canvas.addEventListener("click", ({ clientX: x, clientY: y }) => {
      const place = this.chart.at(x, y);
      if (place) this.zoom(place.box);
    });
    this.host.addEventListener("wheel", () => this.hover(null), { passive: true });
    this.host.addEventListener("keydown", (event) => this.onKey(event));
    this.host.addEventListener("focus", () => this.ringFocused());
    this.host.addEventListener("blur", () => {
      this.ringFocused();
      this.hover(null);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.target === byId("search")) return;
      event.preventDefault();
      byId("search").focus();
    });
    window.addEventListener("resize", () => {
      // Also when the whole page is made larger or smaller, which changes the density of its pixels.
      this.paint.read();
      this.draw();
    });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.repaint());
  }
}

function byId(id) {
  return document.getElementById(id);
}

const page = new Page(JSON.parse(byId("data").textContent));
