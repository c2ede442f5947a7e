"use strict";

// The stacks of the profile, merged into one tree with the time of each state.

/** Room for every line number behind a function's number in one key. */
const LINES = 2 ** 31;

/**
 * Nodes by number: 0 is everything; then, with `eachThread`, a node a thread; then functions (or, with
 * `lines`, lines) below their callers. A node's number is above its parent's. `sums` has a column a state
 * (nanoseconds, what is below included), `own` likewise of the node alone.
 */
class Tree {
  constructor(data, eachThread, lines) {
    this.data = data;
    this.eachThread = eachThread;
    this.lines = lines;
    this.width = data.states.length;
    this.parent = [-1];
    this.thread = [-1];
    this.function = [-1];
    this.line = [0];
    this.children = [[]];
    this.byKey = [new Map()];
    const groups = data.threads.map((_, thread) => (eachThread ? this.add(0, -1, 0, thread) : 0));
    this.addRows(groups);
  }

  get size() {
    return this.parent.length;
  }

  /** Whether states stand right above this node: everything, or each thread. */
  isGroup(node) {
    return this.eachThread ? this.thread[node] >= 0 : node === 0;
  }

  stateWords(column) {
    return this.data.words[this.data.states[column]];
  }

  name(node) {
    if (this.thread[node] >= 0) return this.data.threads[this.thread[node]];
    return node === 0 ? "all threads" : this.data.functions[this.function[node]][0];
  }

  /** `Parser.feed (ingest.py:88)`; without lines `Parser.feed (ingest.py)`. */
  label(node) {
    if (this.function[node] < 0) return this.name(node);
    const [name, , base] = this.data.functions[this.function[node]];
    if (base === null) return name;
    return this.line[node] > 0 ? `${name} (${base}:${this.line[node]})` : `${name} (${base})`;
  }

  /** The whole path of the file, with the line; of a function its first one. */
  place(node) {
    if (this.function[node] < 0) return "";
    const [, file, , firstLine] = this.data.functions[this.function[node]];
    const line = this.line[node] || (this.lines ? 0 : firstLine);
    return file === null ? "" : line > 0 ? `${file}:${line}` : file;
  }

  addRows(groups) {
    const { stacks, rows, states } = this.data;
    const known = new Map();
    const nodes = rows.stack.map((stack, row) => this.find(groups[rows.thread[row]], stack, stacks, known));
    this.own = new Float64Array(this.size * this.width);
    this.blamed = new Float64Array(this.size);
    nodes.forEach((node, row) => {
      states.forEach((state, column) => {
        this.own[node * this.width + column] += rows.ns[state][row];
      });
      this.blamed[node] += rows.blamed_ns === null ? 0 : rows.blamed_ns[row];
    });
    this.sums = this.own.slice();
    for (let node = this.size - 1; node > 0; node--) {
      const parent = this.parent[node];
      for (let column = 0; column < this.width; column++) {
        this.sums[parent * this.width + column] += this.sums[node * this.width + column];
      }
      this.blamed[parent] += this.blamed[node];
    }
  }

  /** The node of a stack below a group, made if need be. */
  find(group, stack, stacks, known) {
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
    const node = this.size;
    this.parent.push(parent);
    this.function.push(functionRow);
    this.line.push(line);
    this.thread.push(thread);
    this.children.push([]);
    this.byKey.push(new Map());
    this.children[parent].push(node);
    if (thread < 0) this.byKey[parent].set(functionRow * LINES + line, node);
    return node;
  }
}
