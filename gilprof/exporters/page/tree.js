"use strict";

// Stacks merged into a tree with the time of each column: what trees have in common, whichever way round they stand.

/** Room for every line number behind a function's number in one key. */
const LINES = 2 ** 31;

/**
 * Nodes by number: 0 is everything; then, with `eachThread`, a node a thread; then functions (or, with `lines`,
 * lines) next to each other on a stack. A node's number is above its parent's. `sums` and `own` (of the time with the
 * node on top of the stack alone) have a column a state in nanoseconds, and another one a state for a baseline.
 */
class Tree {
  /** `rows`: the time, as `data.rows` has it, with `states` and their `words`. */
  constructor(data, rows, eachThread, lines) {
    this.data = data;
    this.rows = rows;
    this.eachThread = eachThread;
    this.lines = lines;
    this.states = rows.states;
    const columns = [rows.ns, rows.before_ns].flatMap((ns) => (ns ? rows.states.map((state) => ns[state]) : []));
    this.width = columns.length;
    this.amounts = new Float64Array(rows.stack.length * this.width);
    columns.forEach((column, at) => column.forEach((ns, row) => { this.amounts[row * this.width + at] = ns; }));
    this.parent = [-1];
    this.thread = [-1];
    this.function = [-1];
    this.line = [0];
    this.depth = [0];
    this.children = [[]];
  }

  get size() {
    return this.parent.length;
  }

  /** Whether states stand right above this node: everything, or each thread. */
  isGroup(node) {
    return this.eachThread ? this.thread[node] >= 0 : node === 0;
  }

  stateWords(column) {
    return this.rows.words[this.states[column]];
  }

  name(node) {
    if (this.thread[node] >= 0) return this.data.threads[this.thread[node]];
    return node === 0 ? "all threads" : this.data.functions[this.function[node]][0];
  }

  label(node) {
    return this.function[node] < 0 ? this.name(node) : this.labelOf(this.function[node], this.line[node]);
  }

  place(node) {
    return this.function[node] < 0 ? "" : this.placeOf(this.function[node], this.line[node]);
  }

  /** `Parser.feed (ingest.py:88)`; without a line `Parser.feed (ingest.py)`. */
  labelOf(functionRow, line) {
    const [name, , base] = this.data.functions[functionRow];
    if (base === null) return name;
    return line > 0 ? `${name} (${base}:${line})` : `${name} (${base})`;
  }

  /** The whole path of the file, with the line; of a function its first one. */
  placeOf(functionRow, lineThere) {
    const [, file, , firstLine] = this.data.functions[functionRow];
    const line = lineThere || (this.lines ? 0 : firstLine);
    return file === null ? "" : line > 0 ? `${file}:${line}` : file;
  }

  /** A new node; `depth` is the number of frames from its thread to it. */
  add(parent, functionRow, line, thread) {
    const node = this.size;
    this.parent.push(parent);
    this.function.push(functionRow);
    this.line.push(line);
    this.thread.push(thread);
    this.depth.push(functionRow < 0 ? 0 : this.depth[parent] + 1);
    this.children.push([]);
    this.children[parent].push(node);
    return node;
  }
}
