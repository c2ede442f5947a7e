"use strict";

// A stretch of time is chosen, and everything is of just that time.

class TimePage {
  /** `flame`: the flame graph's page below, whose rows of time change. */
  constructor(flame, data, recording) {
    Object.assign(this, { flame, recording });
    const { rows, pairs } = flame.data;
    this.whole = { ns: rows.ns, blamed_ns: rows.blamed_ns, pairs };
    this.heat = new Heat(byId("heat"), recording, (from, to) => this.choose(from, to), (...tip) => this.tip(...tip));
    this.lanes = new Lanes(byId("lanes"), recording, {
      data: flame.data, paint: flame.paint, worst: data.worst,
      choose: (from, to) => this.choose(from, to), tip: (...tip) => this.tip(...tip), label: (row) => this.label(row),
    });
    this.listen(data);
    this.choose(null);
  }

  /** The function on top of a row of time, and where. */
  label(row) {
    const { rows, stacks } = this.flame.data;
    const stack = rows.stack[row];
    const tree = this.flame.tree;
    const place = tree.labelOf(stacks.function[stack], stacks.line[stack]);
    return { name: this.flame.data.functions[stacks.function[stack]][0], place };
  }

  /** Choose a stretch of time in nanoseconds, or with null all of it. */
  choose(from, to) {
    const { flame, recording } = this;
    const { rows, states, words, pairs } = flame.data;
    this.chosen = from === null ? null : { from, to };
    this.sums = from === null
      ? recording.sums(0, recording.duration, states, rows.stack.length)
      : recording.sums(from, to, states, rows.stack.length);
    if (from === null) {
      Object.assign(rows, { ns: this.whole.ns, blamed_ns: this.whole.blamed_ns });
      flame.data.pairs = this.whole.pairs;
    } else {
      rows.ns = this.sums.ns;
      rows.blamed_ns = this.whole.blamed_ns && this.sums.blamed;
      if (pairs !== null) {
        const column = (name) => this.sums.pairs.map((pair) => pair[name]);
        flame.data.pairs = { holder: column("holder"), waiter: column("waiter"), ns: column("ns") };
      }
    }
    if (flame.chooser !== null) {
      flame.chooser.chosen = EVERYTHING;
      flame.chooser.fill();
    }
    flame.arrange();
    this.heat.show(this.chosen);
    this.lanes.show(this.chosen);
    byId("time-tables").replaceChildren(...timeTables(recording, this.sums, states, words));
    byId("whole").disabled = byId("zoom-chosen").disabled = this.chosen === null;
    byId("chosen-words").textContent = this.chosen === null
      ? "All the time" : `${clock(from, 1e5)} to ${clock(to, 1e5)}: ${formatSeconds(to - from)}`;
  }

  /** Show lines beside a point of the window; null for none. */
  tip(lines, event) {
    const tip = byId("tip");
    tip.hidden = lines === null || lines.length === 0;
    if (tip.hidden) return;
    tip.replaceChildren(...lines.map((line, at) => element("p", at === 0 ? "what" : "", line)));
    const { width, height } = tip.getBoundingClientRect();
    const { clientX: x, clientY: y } = event;
    const left = x + 16 + width > window.innerWidth ? x - width - 12 : x + 16;
    const top = y + 14 + height > window.innerHeight ? y - height - 14 : y + 14;
    Object.assign(tip.style, { left: `${Math.max(left, 4)}px`, top: `${Math.max(top, 4)}px` });
  }

  listen(data) {
    const { lanes } = this;
    byId("whole").addEventListener("click", () => this.choose(null));
    byId("zoom-chosen").addEventListener("click", () => lanes.look(this.chosen.from, this.chosen.to));
    byId("zoom-in").addEventListener("click", () => lanes.zoom(0.5));
    byId("zoom-out").addEventListener("click", () => lanes.zoom(2));
    byId("zoom-whole").addEventListener("click", () => lanes.look(0, this.recording.duration));
    byId("next-worst").disabled = data.worst.length === 0;
    byId("next-worst").addEventListener("click", () => lanes.nextWorst());
    document.querySelectorAll("#worst tbody th").forEach((cell, number) => {
      const button = element("button", "", String(number + 1));
      button.type = "button";
      button.setAttribute("aria-label", `Show episode ${number + 1}`);
      button.addEventListener("click", () => lanes.toWorst(number));
      cell.replaceChildren(button);
    });
    const redraw = () => {
      this.heat.read();
      lanes.draw();
    };
    window.addEventListener("resize", redraw);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  }
}

let timePage = null;

async function showTimeline() {
  if (!("DecompressionStream" in window)) {
    byId("time-trouble").hidden = false;
    byId("time-trouble").textContent = "This browser is too old for the timeline: "
      + "it takes Chrome 80, Firefox 113 or Safari 16.4.";
    return;
  }
  const data = JSON.parse(byId("timeline-data").textContent);
  timePage = new TimePage(page, data, await Recording.read(data));
}

showTimeline();
