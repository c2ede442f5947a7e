"use strict";

// A tree from the innermost frames outwards: callers below the functions that they called. Most of it is never looked
// at, as every function stands there with all of its callers: nodes are made when somebody asks for them.

class InvertedTree extends Tree {
  constructor(data, rows, eachThread, lines) {
    super(data, rows, eachThread, lines);
    this.sums = [];
    this.own = [];
    this.blamed = [];
    /** Of each node, rows of time and the stack of each that is left outside it. */
    this.members = [];
    this.expanded = [];
    const all = rows.stack.map((stack, row) => ({ row, stack }));
    this.fill(all);
    if (!eachThread) return;
    this.expanded[0] = true;
    const byThread = data.threads.map(() => []);
    for (const member of all) byThread[rows.thread[member.row]].push(member);
    byThread.forEach((members, thread) => {
      this.add(0, -1, 0, thread);
      this.fill(members);
    });
  }

  childrenOf(node) {
    if (!this.expanded[node]) this.expand(node);
    return this.children[node];
  }

  rowsIn(node) {
    return this.members[node].map((member) => member.row);
  }

  /** The stack of a row as far as it is at or below a node that it is in: all of it; every frame is wanted. */
  framesBelow(row, node) {
    let stack = this.rows.stack[row];
    for (let inside = 1; inside < this.depth[node]; inside++) stack = this.data.stacks.parent[stack];
    return { stack, count: Infinity };
  }

  expand(node) {
    this.expanded[node] = true;
    const { parent, function: functions, line: linesOf } = this.data.stacks;
    const byKey = new Map();
    for (const { row, stack } of this.members[node]) {
      if (stack < 0) continue;
      const key = functions[stack] * LINES + (this.lines ? linesOf[stack] : 0);
      if (!byKey.has(key)) byKey.set(key, []);
      byKey.get(key).push({ row, stack: parent[stack] });
    }
    for (const [key, members] of byKey) {
      this.add(node, Math.floor(key / LINES), key % LINES, -1);
      this.fill(members);
    }
  }

  /** Give the newest node its time. */
  fill(members) {
    const { width, rows } = this;
    const node = this.size - 1;
    const sums = new Array(width).fill(0);
    let blamed = 0;
    for (const { row } of members) {
      for (let column = 0; column < width; column++) sums[column] += this.amounts[row * width + column];
      blamed += rows.blamed_ns === null ? 0 : rows.blamed_ns[row];
    }
    this.members.push(members);
    this.expanded.push(false);
    this.sums.push(...sums);
    this.own.push(...(this.depth[node] === 1 ? sums : sums.map(() => 0)));
    this.blamed.push(blamed);
  }
}
