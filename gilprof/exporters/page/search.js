"use strict";

// Which functions, lines, files and threads a text is in, whatever its case.

class Search {
  /** `text`: not empty. */
  constructor(tree, text) {
    this.tree = tree;
    this.wanted = text.toLowerCase();
    this.known = new Map();
    const { parent, function: functions, line } = tree.data.stacks;
    /** The key of each stack's own frame, ... */
    this.keys = parent.map((_, stack) => functions[stack] * LINES + (tree.lines ? line[stack] : 0));
    /** ... and whether the text is in it, or in a frame that it stands on. */
    this.inStack = new Uint8Array(parent.length);
    parent.forEach((below, stack) => {
      this.inStack[stack] = this.isIn(this.keys[stack]) || (below >= 0 && this.inStack[below]) ? 1 : 0;
    });
  }

  matches(node) {
    const { tree } = this;
    if (tree.thread[node] >= 0) return this.isInThread(tree.thread[node]);
    return node !== 0 && this.isIn(tree.function[node] * LINES + tree.line[node]);
  }

  /** How many names match in what is zoomed to, and the nanoseconds in which at least one was on the stack. */
  found(view, zoomed) {
    const { tree } = this;
    const { stacks } = tree.data;
    const names = new Set();
    const seen = new Uint8Array(stacks.parent.length);
    let time = 0;
    for (const row of tree.rowsIn(zoomed.node)) {
      const value = view.rowValue(row, zoomed.state);
      if (value === 0) continue;
      const thread = tree.rows.thread[row];
      const inThread = tree.eachThread && this.isInThread(thread);
      if (inThread) names.add(-1 - thread);
      const top = tree.rows.stack[row];
      if (inThread || this.inStack[top]) time += value;
      for (let stack = top; stack >= 0 && !seen[stack]; stack = stacks.parent[stack]) {
        seen[stack] = 1;
        if (this.isIn(this.keys[stack])) names.add(this.keys[stack]);
      }
    }
    return { count: names.size, time };
  }

  isInThread(thread) {
    return this.tree.data.threads[thread].toLowerCase().includes(this.wanted);
  }

  isIn(key) {
    if (!this.known.has(key)) {
      const [functionRow, line] = [Math.floor(key / LINES), key % LINES];
      const shown = `${this.tree.labelOf(functionRow, line)} ${this.tree.placeOf(functionRow, line)}`;
      this.known.set(key, shown.toLowerCase().includes(this.wanted));
    }
    return this.known.get(key);
  }
}
