"use strict";

// The states with their figures: switches for what is shown.

class Legend {
  /** `changed` is called when a state was switched. */
  constructor(host, data, paint, changed) {
    this.host = host;
    this.data = data;
    this.paint = paint;
    this.on = data.states.map(() => true);
    this.switches = data.states.map((state, column) => {
      const figures = element("span", "figures");
      const button = element("button", "", "", paint.swatch(state), element("span", "", data.words[state]), figures);
      button.type = "button";
      button.dataset.state = state;
      button.title = data.meanings[state];
      button.addEventListener("click", () => {
        this.on[column] = !this.on[column];
        changed();
      });
      return button;
    });
    host.append(...this.switches);
  }

  /** Say the sums of everything, whatever is on. */
  tell({ sums, states }, compared) {
    const parts = states.map((_, column) => sums[column]);
    const total = parts.reduce((a, b) => a + b, 0);
    this.switches.forEach((button, column) => {
      button.setAttribute("aria-pressed", String(this.on[column]));
      const beside = compared
        ? `was ${formatSeconds(sums[states.length + column])}` : formatShare(parts[column], total);
      button.querySelector(".figures").textContent = `${formatSeconds(parts[column])}, ${beside}`;
    });
  }

  repaint() {
    this.switches.forEach((button, column) => {
      button.firstChild.replaceWith(this.paint.swatch(this.data.states[column]));
    });
  }
}
