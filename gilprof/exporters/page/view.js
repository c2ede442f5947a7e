"use strict";

// What of a tree is shown, and where. A box is {node, state}: state is a column of the tree, or ALL.

const ALL = -1;
const NARROWEST = 1 / 3;

/** A tree with some states switched on, arranged by state (one tower each) or by stack. */
class View {
  constructor(tree, on, byState) {
    this.tree = tree;
    this.on = on;
    this.byState = byState;
    this.root = { node: 0, state: ALL };
    this.columns = [...tree.states.keys()].filter((column) => on[column]);
  }

  key(box) {
    return box.node * (this.tree.width + 1) + box.state + 1;
  }

  /** Nanoseconds in the states that are on. */
  value(box) {
    return this.amount(this.tree.sums, box.node * this.tree.width, box.state);
  }

  /** Likewise of a row of time. */
  rowValue(row, state) {
    return this.amount(this.tree.amounts, row * this.tree.width, state);
  }

  /** Likewise of the columns that begin at `base`. */
  amount(sums, base, state) {
    if (state !== ALL) return this.on[state] ? sums[base + state] : 0;
    let total = 0;
    for (const column of this.columns) total += sums[base + column];
    return total;
  }

  /** As a view with a baseline has them: there is none. */
  now(sums, base, state) {
    return this.amount(sums, base, state);
  }

  before() {
    return 0;
  }

  /** How to fill a box from left to right: [fill, pixels]. */
  fills(box, colours, shade, width) {
    return (box.state === ALL ? this.columns : [box.state]).map((column) => {
      const part = (width * this.value({ node: box.node, state: column })) / this.value(box);
      return [colours.fill(this.tree.states[column], shade, part), part];
    });
  }

  /** Whether the box stands for one state of everything, or of a thread. */
  isTower(box) {
    return box.state !== ALL && this.tree.isGroup(box.node);
  }

  /** States in their order, else the widest first. */
  children(box) {
    if (this.byState && box.state === ALL && this.tree.isGroup(box.node)) {
      return this.columns.map((state) => ({ node: box.node, state })).filter((child) => this.value(child) > 0);
    }
    const boxes = [];
    for (const node of this.tree.childrenOf(box.node)) {
      const child = { node, state: box.state };
      child.value = this.value(child);
      if (child.value > 0) boxes.push(child);
    }
    return boxes.sort((a, b) => b.value - a.value || a.node - b.node);
  }

  parent(box) {
    if (this.isTower(box)) return { node: box.node, state: ALL };
    return box.node === 0 ? null : { node: this.tree.parent[box.node], state: box.state };
  }

  /** From everything down to the box. */
  path(box) {
    const path = [];
    for (let at = box; at !== null; at = this.parent(at)) path.unshift(at);
    return path;
  }

  /** Without the file. */
  name(box) {
    return this.isTower(box) ? this.tree.stateWords(box.state) : this.tree.name(box.node);
  }

  label(box) {
    return this.isTower(box) ? this.tree.stateWords(box.state) : this.tree.label(box.node);
  }

  /**
   * Rows of {box, x, width} in pixels: the way to `zoomed` over the full width, below it what it called.
   * Boxes too narrow to be seen are left out, and what is on them.
   */
  layout(zoomed, width) {
    const rows = this.path(zoomed).map((box) => [{ box, x: 0, width }]);
    const scale = width / this.value(zoomed);
    let above = rows[rows.length - 1];
    while (above.length > 0) {
      const row = [];
      for (const { box, x } of above) {
        let left = x;
        for (const child of this.children(box)) {
          const wide = this.value(child) * scale;
          if (wide >= NARROWEST) row.push({ box: child, x: left, width: wide });
          left += wide;
        }
      }
      if (row.length > 0) rows.push(row);
      above = row;
    }
    return rows;
  }
}
