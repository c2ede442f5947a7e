"use strict";

// The table of functions beside the graph: their time in what is zoomed to.

const SHOWN_FUNCTIONS = 100;

class FunctionTable {
  /** `choose` is called with a function's label. */
  constructor(host, choose) {
    this.host = host;
    this.choose = choose;
    this.by = "top";
    for (const button of host.querySelectorAll("thead button")) {
      button.addEventListener("click", () => {
        this.by = button.dataset.by;
        this.fill();
      });
    }
  }

  /** Show what is at or below `zoomed`; `searched`: the text that is searched for. */
  show(view, zoomed, searched) {
    this.view = view;
    this.searched = searched;
    this.all = functionTimes(view, zoomed);
    this.fill();
  }

  fill() {
    const { by, all, view } = this;
    const compared = view instanceof DifferenceView;
    const size = ({ now, before }) => (compared ? Math.abs(now - before) : now);
    all.sort((a, b) => size(b[by]) - size(a[by]) || size(b.all) - size(a.all) || a.function - b.function);
    for (const heading of this.host.querySelectorAll("thead th[aria-sort]")) {
      heading.setAttribute("aria-sort", heading.dataset.by === by ? "descending" : "none");
    }
    this.host.querySelector("tbody").replaceChildren(...all.slice(0, SHOWN_FUNCTIONS).map((row) => this.row(row)));
    const more = all.length - SHOWN_FUNCTIONS;
    this.host.querySelector("#functions-more").textContent = more > 0 ? `${more} more are not shown` : "";
  }

  row(times) {
    const { view } = this;
    const label = view.tree.labelOf(times.function, 0);
    const button = element("button", "", label);
    button.type = "button";
    button.title = view.tree.placeOf(times.function, 0);
    button.setAttribute("aria-pressed", String(label === this.searched));
    button.addEventListener("click", () => this.choose(label));
    const name = element("th", "", "", button);
    name.scope = "row";
    const row = element("tr", "", "", name);
    for (const part of [times.top, times.all]) {
      if (view instanceof DifferenceView) {
        const noise = isNoise(part.now, part.before, view.tree.data.look_ns);
        row.append(element("td", noise ? "noise" : "", `${noise ? "≈ " : ""}${formatChange(part.now - part.before)}`));
      } else {
        row.append(element("td", "", formatSeconds(part.now)));
      }
    }
    return row;
  }
}

/** Each function's time with it on top, and anywhere, in what is at or below `zoomed`: once a row under recursion. */
function functionTimes(view, zoomed) {
  const { tree } = view;
  const { stacks, functions } = tree.data;
  const sums = { top: [0, 0], all: [0, 0] };
  for (const key of Object.keys(sums)) sums[key] = sums[key].map(() => new Float64Array(functions.length));
  const counted = new Int32Array(functions.length).fill(-1);
  for (const row of tree.rowsIn(zoomed.node)) {
    const now = view.now(tree.amounts, row * tree.width, zoomed.state);
    const before = view.before(tree.amounts, row * tree.width, zoomed.state);
    if (now === 0 && before === 0) continue;
    let { stack, count } = tree.framesBelow(row, zoomed.node);
    const onTop = stack === tree.rows.stack[row];
    for (let first = onTop; stack >= 0 && count > 0; first = false, count--, stack = stacks.parent[stack]) {
      const functionRow = stacks.function[stack];
      const where = counted[functionRow] === row ? [] : first ? ["top", "all"] : ["all"];
      counted[functionRow] = row;
      for (const key of where) {
        sums[key][0][functionRow] += now;
        sums[key][1][functionRow] += before;
      }
    }
  }
  const part = ([now, before], at) => ({ now: now[at], before: before[at] });
  return [...functions.keys()]
    .filter((at) => counted[at] >= 0)
    .map((at) => ({ function: at, top: part(sums.top, at), all: part(sums.all, at) }));
}
