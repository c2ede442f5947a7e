"use strict";

// Who had the GIL while others waited: rows of time made from pairs of rows.

const OTHER_SIDE = { waiter: "holder", holder: "waiter" };
const EVERYTHING = -1;

class Blame {
  constructor(data) {
    this.data = data;
  }

  /** The functions on the stacks of one side of the pairs, with their time: {function, ns, top}; the most first. */
  choices(side) {
    const { rows, stacks, functions } = this.data;
    const byRow = this.summed(side, () => true);
    const ns = new Float64Array(functions.length);
    const top = new Uint8Array(functions.length);
    const counted = new Int32Array(functions.length).fill(-1);
    byRow.forEach((amount, row) => {
      if (amount === 0) return;
      top[stacks.function[rows.stack[row]]] = 1;
      for (let stack = rows.stack[row]; stack >= 0; stack = stacks.parent[stack]) {
        const functionRow = stacks.function[stack];
        if (counted[functionRow] !== row) ns[functionRow] += amount;
        counted[functionRow] = row;
      }
    });
    const there = [...ns.keys()].filter((functionRow) => ns[functionRow] > 0);
    there.sort((a, b) => ns[b] - ns[a] || a - b);
    return there.map((functionRow) => ({ function: functionRow, ns: ns[functionRow], top: top[functionRow] === 1 }));
  }

  /** What the other side did meanwhile, of the pairs with a function (or EVERYTHING) on the stack of `side`. */
  rows(side, chosen) {
    const { rows, stacks, words } = this.data;
    const on = new Uint8Array(stacks.parent.length);
    stacks.parent.forEach((parent, stack) => {
      on[stack] = chosen === EVERYTHING || stacks.function[stack] === chosen || (parent >= 0 && on[parent]) ? 1 : 0;
    });
    const other = OTHER_SIDE[side];
    const byRow = this.summed(other, (pair) => on[rows.stack[this.data.pairs[side][pair]]] === 1);
    const there = [...byRow.keys()].filter((row) => byRow[row] > 0);
    const state = other === "holder" ? "held" : "waiting";
    return {
      states: [state],
      words: { [state]: other === "holder" ? "has the GIL meanwhile" : words.waiting },
      thread: there.map((row) => rows.thread[row]),
      stack: there.map((row) => rows.stack[row]),
      ns: { [state]: there.map((row) => byRow[row]) },
      blamed_ns: null,
      before_ns: null,
    };
  }

  /** Nanoseconds by row of one side, of the pairs that are wanted. */
  summed(side, wanted) {
    const { pairs, rows } = this.data;
    const byRow = new Float64Array(rows.stack.length);
    pairs.ns.forEach((ns, pair) => {
      if (wanted(pair)) byRow[pairs[side][pair]] += ns;
    });
    return byRow;
  }
}
