"use strict";

// What people do: switch, arrange, choose, search, zoom, go back.

class Page {
  constructor(data) {
    this.data = data;
    this.host = byId("chart");
    this.paint = new Paint(data);
    this.chart = new Chart(this.host, this.paint);
    this.legend = new Legend(byId("legend"), data, this.paint, () => this.look());
    this.chooser = data.pairs && new Chooser(data, () => this.arrange());
    this.functionTable = new FunctionTable(byId("functions"), (label) => this.search(label));
    byId("view").hidden = byId("blame-this").hidden = data.pairs === null;
    byId("sides").hidden = byId("key").hidden = !this.compares;
    byId("detail").hidden = this.compares;
    document.body.classList.toggle("compares", this.compares);
    this.keyboard = new Keyboard(this);
    this.listen();
    this.arrange();
  }

  /** Whether there is a baseline. */
  get compares() {
    return this.data.look_ns !== null;
  }

  get blames() {
    return this.chosen("view") === "blame";
  }

  chosen(name) {
    return document.querySelector(`input[name="${name}"]:checked`).value;
  }

  /** Another tree or another arrangement: begin at everything. */
  arrange() {
    const { data, blames } = this;
    byId("blame").hidden = !blames;
    byId("legend").hidden = byId("arrange").hidden = blames;
    const rows = blames ? this.chooser.rows() : { states: data.states, words: data.words, ...data.rows };
    const Shape = this.chosen("order") === "inverted" ? InvertedTree : CallTree;
    this.tree = new Shape(data, rows, this.chosen("threads") === "each", this.chosen("detail") === "lines");
    this.zoomed = this.focused = { node: 0, state: ALL };
    this.before = [];
    this.look();
  }

  /** Other states: stay where this can be seen. */
  look() {
    this.view = this.makeView();
    while (this.view.value(this.zoomed) === 0 && this.view.parent(this.zoomed)) {
      this.zoomed = this.view.parent(this.zoomed);
    }
    this.before = this.before.filter((box) => this.view.value(box) > 0);
    const wanted = byId("search").value.trim();
    this.found = wanted ? new Search(this.tree, wanted) : null;
    this.draw();
  }

  makeView() {
    const { tree, legend } = this;
    if (this.blames) return new View(tree, [true], false);
    const byState = this.chosen("arrange") === "state";
    if (!this.compares) return new View(tree, legend.on, byState);
    return new DifferenceView(tree, legend.on, byState, this.chosen("sides"));
  }

  draw() {
    const { view, zoomed } = this;
    this.hover(null);
    this.functionTable.show(view, zoomed, byId("search").value);
    this.chart.show(view, zoomed, this.found);
    byId("back").disabled = this.before.length === 0;
    byId("all").disabled = zoomed.node === 0 && zoomed.state === ALL;
    byId("blame-this").disabled = this.blameSide(zoomed) === null;
    byId("nothing").hidden = this.chart.rows.length > 0;
    byId("nothing").textContent = this.legend.on.some((on) => !on)
      ? "No time in the states that are switched on." : "No time was observed in what was asked for.";
    if (this.blames) this.chooser.tell(view.value(view.root));
    else this.legend.tell(this.tree, this.compares);
    this.tellFound();
    if (!this.chart.find(this.focused)) this.focused = zoomed;
    this.ringFocused();
  }

  tellFound() {
    if (this.found === null) {
      byId("matched").textContent = "";
      return;
    }
    const { count, time } = this.found.found(this.view, this.zoomed);
    const share = formatShare(time, this.view.value(this.zoomed));
    byId("matched").textContent = `${count} ${count === 1 ? "name matches" : "names match"}, ${share} of the time`;
  }

  /** Search for a text, or no more where it is searched for already. */
  search(text) {
    byId("search").value = byId("search").value === text ? "" : text;
    this.look();
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

  /** On which side of the blame a box's function is for the most; null for none. */
  blameSide(box) {
    const { tree, view } = this;
    if (this.chooser === null || tree.function[box.node] < 0) return null;
    const amount = (...states) => states.reduce((total, state) => {
      const column = tree.states.indexOf(state);
      const there = column >= 0 && (box.state === ALL || box.state === column);
      return total + (there ? view.value({ node: box.node, state: column }) : 0);
    }, 0);
    const [waits, holds] = [amount("waiting"), amount("held", "held_blocked")];
    return waits === 0 && holds === 0 ? null : waits >= holds ? "waiter" : "holder";
  }

  /** Go to the blame of a box's function. */
  blame(box) {
    const side = this.blameSide(box);
    if (side === null) return;
    this.chooser.choose(side, this.tree.function[box.node]);
    document.querySelector("input[name=view][value=blame]").checked = true;
    this.arrange();
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

  /** Other colours. */
  repaint() {
    this.paint.read();
    this.legend.repaint();
    this.chart.paint();
  }

  listen() {
    for (const name of ["view", "threads", "detail", "arrange", "order", "sides"]) {
      byId(name).addEventListener("change", () => this.arrange());
    }
    byId("search").addEventListener("input", () => this.look());
    byId("search").addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      byId("search").value = "";
      this.look();
    });
    byId("back").addEventListener("click", () => this.back());
    byId("all").addEventListener("click", () => this.zoom(this.view.root));
    byId("blame-this").addEventListener("click", () => this.blame(this.zoomed));
    const { canvas } = this.chart;
    canvas.addEventListener("mousemove", ({ clientX: x, clientY: y }) => this.hover(this.chart.at(x, y), x, y, y));
    canvas.addEventListener("mouseleave", () => this.hover(null));
    canvas.addEventListener("click", ({ clientX: x, clientY: y }) => {
      const place = this.chart.at(x, y);
      if (place) this.zoom(place.box);
    });
    this.host.addEventListener("wheel", () => this.hover(null), { passive: true });
    window.addEventListener("resize", () => {
      // Also when the whole page is made larger or smaller, which changes the density of its pixels.
      this.paint.read();
      this.draw();
    });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.repaint());
  }
}

const page = new Page(JSON.parse(byId("data").textContent));
