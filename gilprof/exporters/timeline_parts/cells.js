"use strict";

// Where the heatmap's cells are: a column is a second and a cell 10 ms, or more in recordings of more than an hour.

const CELL_ROWS = 100;
const CELL_NS = 10_000_000;
const MOST_COLUMNS = 4000;

class Cells {
  constructor(duration) {
    this.duration = duration;
    this.scale = Math.max(1, Math.ceil(duration / (MOST_COLUMNS * CELL_ROWS * CELL_NS)));
    this.ns = this.scale * CELL_NS;
    this.columns = Math.ceil(duration / (this.ns * CELL_ROWS));
    this.count = this.columns * CELL_ROWS;
  }

  columnOf(cell) {
    return Math.floor(cell / CELL_ROWS);
  }

  rowOf(cell) {
    return cell % CELL_ROWS;
  }

  /** The time from one cell to another one, both included, whichever comes first. */
  span(one, other) {
    const [first, last] = one <= other ? [one, other] : [other, one];
    return { from: first * this.ns, to: Math.min((last + 1) * this.ns, this.duration) };
  }

  /** The cells that have some of the time chosen. */
  within({ from, to }) {
    return { first: Math.floor(from / this.ns), last: Math.max(Math.ceil(to / this.ns) - 1, 0) };
  }
}

/** `12.34 s`: as many places as `step`, a number of nanoseconds, needs. */
function clock(ns, step = CELL_NS) {
  const places = Math.min(Math.max(Math.ceil(-Math.log10(step / 1e9)), 0), 6);
  return `${(ns / 1e9).toFixed(places)} s`;
}
