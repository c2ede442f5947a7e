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
    this.columns = [...tree.data.states.keys()].filter((column) => on[column]);
  }

  key(box) {
    return box.node * (this.tree.width + 1) + box.state + 1;
  }

  /** Nanoseconds in the states that are on. */
  value(box) {
    const { sums, width } = this.tree;
    if (box.state !== ALL) return this.on[box.state] ? sums[box.node * width + box.state] : 0;
    return this.columns.reduce((total, column) => total + sums[box.node * width + column], 0);
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
    for (const node of this.tree.children[box.node]) {
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

  /** Which nodes a text is in (name, file, line, thread), whatever its case; null without a text. */
  matches(text) {
    const wanted = text.trim().toLowerCase();
    if (!wanted) return null;
    const { tree } = this;
    const found = new Uint8Array(tree.size);
    for (let node = 1; node < tree.size; node++) {
      const shown = `${tree.label(node)} ${tree.place(node)}`;
      found[node] = shown.toLowerCase().includes(wanted) ? 1 : 0;
    }
    return found;
  }

  /** How many nodes match at or below `zoomed`, and the nanoseconds in which at least one was on the stack. */
  matched(found, zoomed) {
    const { tree } = this;
    const inside = new Uint8Array(tree.size);
    const covered = new Uint8Array(tree.size);
    const above = this.path(zoomed).some((box) => found[box.node]);
    let count = 0;
    let time = above ? this.value(zoomed) : 0;
    for (let node = zoomed.node; node < tree.size; node++) {
      const parent = tree.parent[node];
      inside[node] = node === zoomed.node || (parent >= 0 && inside[parent]) ? 1 : 0;
      if (!inside[node]) continue;
      const value = this.value({ node, state: zoomed.state });
      if (value === 0) continue;
      count += found[node];
      covered[node] = found[node] || (parent >= 0 && covered[parent]) ? 1 : 0;
      if (found[node] && !above && !(parent >= 0 && covered[parent])) time += value;
    }
    return { count, time };
  }
}
