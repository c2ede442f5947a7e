"use strict";

// The heatmap of waiting threads: drag over cells, or move with keys, and a stretch of time is chosen.

const CELL_HEIGHT = 3;
const NARROWEST_CELL = 2;
const WIDEST_CELL = 80;
const FAINTEST = 0.18;
const LEGEND = 6;

class Heat {
  /** `choose(from, to)` is called with what people choose, `choose(null)` for all the time; `tip` shows words. */
  constructor(host, recording, choose, tip) {
    Object.assign(this, { host, recording, choose, tip });
    this.cells = new Cells(recording.duration);
    this.values = recording.waiters(this.cells.ns, this.cells.count);
    this.most = this.values.reduce((most, value) => Math.max(most, value), 0);
    this.canvas = host.querySelector("canvas");
    this.cursor = 0;
    this.anchor = null;
    this.chosen = null;
    this.read();
    this.listen();
  }

  /** Take the colours of the style sheet as they are now, and draw. */
  read() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    this.gone = rgb(mixed(colour("gone"), colour("gone"), 0));
    this.shades = Array.from({ length: 256 }, (_, at) => {
      const share = at === 0 ? 0 : FAINTEST + ((1 - FAINTEST) * at) / 255;
      return rgb(mixed(colour("quiet"), colour("heat"), share));
    });
    this.ring = colour("text");
    this.picture = this.drawn();
    this.draw();
    this.tellColours();
  }

  /** The colour of a number of waiting threads. */
  colour(waiters) {
    if (waiters < 0) return this.gone;
    return this.shades[waiters === 0 ? 0 : Math.max(Math.round((255 * waiters) / this.most), 1)];
  }

  /** A pixel a cell. */
  drawn() {
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(this.cells.columns, 1);
    canvas.height = CELL_ROWS;
    const context = canvas.getContext("2d");
    const image = context.createImageData(canvas.width, canvas.height);
    this.values.forEach((waiters, cell) => {
      const at = 4 * (this.cells.rowOf(cell) * canvas.width + this.cells.columnOf(cell));
      image.data.set([...this.colour(waiters), 255], at);
    });
    context.putImageData(image, 0, 0);
    return canvas;
  }

  draw() {
    const { cells, canvas, host } = this;
    const fitting = Math.floor(host.clientWidth / Math.max(cells.columns, 1));
    this.width = Math.min(Math.max(fitting, NARROWEST_CELL), WIDEST_CELL);
    canvas.width = Math.max(cells.columns * this.width, 1);
    canvas.height = CELL_ROWS * CELL_HEIGHT;
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(this.picture, 0, 0, canvas.width, canvas.height);
    if (this.chosen !== null) this.outline(context, cells.within(this.chosen), 0.55);
    const focused = host.matches(":focus-visible");
    if (focused) this.outline(context, { first: this.cursor, last: this.cursor }, 0);
  }

  /** Dim what is outside of some cells, and draw a line around them. */
  outline(context, { first, last }, dimmed) {
    const { cells, width } = this;
    const shape = new Path2D();
    for (let column = cells.columnOf(first); column <= cells.columnOf(last); column++) {
      const top = column === cells.columnOf(first) ? cells.rowOf(first) : 0;
      const bottom = column === cells.columnOf(last) ? cells.rowOf(last) + 1 : CELL_ROWS;
      shape.rect(column * width, top * CELL_HEIGHT, width, (bottom - top) * CELL_HEIGHT);
    }
    if (dimmed > 0) {
      const outside = new Path2D(shape);
      outside.rect(0, 0, context.canvas.width, context.canvas.height);
      context.globalAlpha = dimmed;
      context.fillStyle = `rgb(${this.gone.join(" ")})`;
      context.fill(outside, "evenodd");
      context.globalAlpha = 1;
    } else {
      context.strokeStyle = this.ring;
      context.lineWidth = 2;
      context.stroke(shape);
    }
  }

  tellColours() {
    const steps = Array.from({ length: LEGEND }, (_, at) => (this.most * at) / (LEGEND - 1));
    const items = (this.most > 0 ? steps : [0]).map((waiters) => {
      const item = element("li", "", Number(waiters.toFixed(1)).toString());
      const shade = this.colour(waiters);
      item.style.background = `rgb(${shade.join(" ")})`;
      item.style.color = 0.3 * shade[0] + 0.59 * shade[1] + 0.11 * shade[2] > 140 ? "#11151a" : "#f6f8fa";
      return item;
    });
    byId("heat-legend").replaceChildren(...items);
    byId("column-s").textContent = this.cells.scale === 1 ? "a second" : `${this.cells.scale} s`;
    byId("cell-s").textContent = `${10 * this.cells.scale} ms`;
  }

  /** What is said of a cell. */
  words(cell) {
    const { from, to } = this.cells.span(cell, cell);
    const waiters = this.values[cell];
    const many = waiters < 0 ? "not observed" : `${Number(waiters.toFixed(2))} threads wait`;
    return `${clock(from, this.cells.ns)} to ${clock(to, this.cells.ns)}: ${many}`;
  }

  /** The cell at a point of the window, or the nearest one. */
  at({ clientX, clientY }) {
    const { left, top } = this.canvas.getBoundingClientRect();
    const column = Math.floor((clientX - left) / this.width);
    const row = Math.floor((clientY - top) / CELL_HEIGHT);
    const inside = (value, count) => Math.min(Math.max(value, 0), count - 1);
    const cell = inside(column, this.cells.columns) * CELL_ROWS + inside(row, CELL_ROWS);
    return Math.min(cell, Math.ceil(this.cells.duration / this.cells.ns) - 1);
  }

  listen() {
    const { canvas, host } = this;
    canvas.addEventListener("pointerdown", (event) => {
      if (this.cells.count === 0 || event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.dragged = this.cursor = this.at(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (this.cells.count === 0) return;
      const cell = this.at(event);
      this.tip([this.words(cell)], event);
      if (this.dragged === undefined) return;
      this.chosen = this.cells.span(this.dragged, cell);
      this.draw();
    });
    canvas.addEventListener("pointerup", (event) => {
      if (this.dragged === undefined) return;
      const { from, to } = this.cells.span(this.dragged, this.at(event));
      this.dragged = undefined;
      this.choose(from, to);
    });
    canvas.addEventListener("pointercancel", () => { this.dragged = undefined; });
    canvas.addEventListener("pointerleave", () => this.tip(null));
    host.addEventListener("keydown", (event) => this.onKey(event));
    for (const name of ["focus", "blur"]) host.addEventListener(name, () => this.draw());
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.cells.count === 0) return;
    const steps = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -CELL_ROWS, ArrowRight: CELL_ROWS };
    if (event.key === "Escape") this.choose(null);
    else if (event.key in steps) this.move(this.cursor + steps[event.key], event.shiftKey);
    else if (event.key === "Home") this.move(0, event.shiftKey);
    else if (event.key === "End") this.move(this.cells.count, event.shiftKey);
    else if (event.key === "Enter" || event.key === " ") this.chooseFrom(this.cursor);
    else return;
    event.preventDefault();
  }

  /** Move the cursor; with `extend`, choose the time from where it was. */
  move(cell, extend) {
    const before = this.cursor;
    const last = Math.ceil(this.cells.duration / this.cells.ns) - 1;
    if (cell >= 0 && cell <= last) this.cursor = cell;
    else if (cell > last && cell >= this.cells.count) this.cursor = last;
    this.host.scrollLeft = Math.max(this.cells.columnOf(this.cursor) * this.width - this.host.clientWidth / 2, 0);
    byId("said").textContent = this.words(this.cursor);
    if (!extend) {
      this.anchor = null;
      this.draw();
      return;
    }
    this.anchor ??= before;
    this.chooseFrom(this.anchor);
  }

  chooseFrom(cell) {
    const { from, to } = this.cells.span(cell, this.cursor);
    this.choose(from, to);
  }

  /** Show what is chosen; null for all the time. */
  show(chosen) {
    this.chosen = chosen;
    if (chosen === null) this.anchor = null;
    this.draw();
  }
}

/** `rgb(1 2 3)` as numbers. */
function rgb(colour) {
  return colour.match(/\d+/g).map(Number);
}
