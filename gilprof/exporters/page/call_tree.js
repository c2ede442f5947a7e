"use strict";

// A tree from the outermost frames inwards: functions below their callers.

class CallTree extends Tree {
  constructor(data, rows, eachThread, lines) {
    super(data, rows, eachThread, lines);
    this.byKey = [new Map()];
    const groups = data.threads.map((_, thread) => (eachThread ? this.add(0, -1, 0, thread) : 0));
    this.addRows(groups);
  }

  childrenOf(node) {
    return this.children[node];
  }

  /** The rows of time on what is at or below a node. */
  rowsIn(node) {
    const inside = new Uint8Array(this.size);
    inside[node] = 1;
    for (let below = node + 1; below < this.size; below++) inside[below] |= inside[this.parent[below]];
    return [...this.nodeOf.keys()].filter((row) => inside[this.nodeOf[row]]);
  }

  /** The stack of a row, and how many of its frames are at or below a node that it is in. */
  framesBelow(row, node) {
    const outside = Math.max(this.depth[node] - 1, 0);
    return { stack: this.rows.stack[row], count: this.depth[this.nodeOf[row]] - outside };
  }

  addRows(groups) {
    const { rows, width } = this;
    const known = new Map();
    this.nodeOf = rows.stack.map((stack, row) => this.find(groups[rows.thread[row]], stack, known));
    this.own = new Float64Array(this.size * width);
    this.blamed = new Float64Array(this.size);
    this.nodeOf.forEach((node, row) => {
      for (let column = 0; column < width; column++) {
        this.own[node * width + column] += this.amounts[row * width + column];
      }
      this.blamed[node] += rows.blamed_ns === null ? 0 : rows.blamed_ns[row];
    });
    this.sums = this.own.slice();
    for (let node = this.size - 1; node > 0; node--) {
      const parent = this.parent[node];
      for (let column = 0; column < width; column++) {
        this.sums[parent * width + column] += this.sums[node * width + column];
      }
      this.blamed[parent] += this.blamed[node];
    }
  }

  /** The node of a stack below a group, made if need be. */
  find(group, stack, known) {
    const { stacks } = this.data;
    const count = stacks.parent.length;
    const path = [];
    while (stack >= 0 && !known.has(group * count + stack)) {
      path.push(stack);
      stack = stacks.parent[stack];
    }
    let node = stack < 0 ? group : known.get(group * count + stack);
    for (const next of path.reverse()) {
      const line = this.lines ? stacks.line[next] : 0;
      const key = stacks.function[next] * LINES + line;
      node = this.byKey[node].get(key) ?? this.add(node, stacks.function[next], line, -1);
      known.set(group * count + next, node);
    }
    return node;
  }

  add(parent, functionRow, line, thread) {
    const node = super.add(parent, functionRow, line, thread);
    this.byKey.push(new Map());
    if (functionRow >= 0) this.byKey[parent].set(functionRow * LINES + line, node);
    return node;
  }
}
