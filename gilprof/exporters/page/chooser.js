"use strict";

// The blame view's choice: a function that waits, or one that has the GIL.

class Chooser {
  /** `changed` is called when something else was chosen. */
  constructor(data, changed) {
    this.data = data;
    this.blame = new Blame(data);
    this.select = byId("chosen");
    this.chosen = EVERYTHING;
    this.fill();
    byId("side").addEventListener("change", () => {
      this.chosen = EVERYTHING;
      this.fill();
      changed();
    });
    this.select.addEventListener("change", () => {
      this.chosen = Number(this.select.value);
      changed();
    });
  }

  get side() {
    return document.querySelector("input[name=side]:checked").value;
  }

  /** Choose a function of `side`, as if somebody had. */
  choose(side, functionRow) {
    document.querySelector(`input[name=side][value=${side}]`).checked = true;
    this.chosen = functionRow;
    this.fill();
  }

  fill() {
    const choices = this.blame.choices(this.side);
    const option = ({ function: functionRow, ns }) => {
      const [name, , base] = this.data.functions[functionRow];
      const made = element("option", "", `${formatSeconds(ns)}  ${base === null ? name : `${name} (${base})`}`);
      made.value = String(functionRow);
      return made;
    };
    const group = (label, wanted) => {
      const made = element("optgroup", "", "", ...choices.filter(wanted).map(option));
      made.label = label;
      return made;
    };
    const all = element("option", "", "all functions");
    all.value = String(EVERYTHING);
    const tops = group("on top of a stack", (choice) => choice.top);
    this.select.replaceChildren(all, tops, group("their callers", (choice) => !choice.top));
    this.select.value = String(this.chosen);
  }

  rows() {
    return this.blame.rows(this.side, this.chosen);
  }

  /** Say what the graph is, and of how much waiting. */
  tell(ns) {
    const who = this.chosen === EVERYTHING ? "" : this.data.functions[this.chosen][0];
    byId("told").textContent = this.side === "waiter"
      ? `${who || "All threads"} waited ${formatSeconds(ns)}. Below: the stacks that had the GIL meanwhile.`
      : `Others waited ${formatSeconds(ns)}${who && ` for ${who}`}. Below: the stacks that waited.`;
  }
}
