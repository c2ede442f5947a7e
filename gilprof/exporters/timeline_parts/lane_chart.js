"use strict";

// Threads over time, each a lane of its states; above them who has which GIL. Only what is in sight is drawn.

const LANE = 28;
const BAR = 19;
const NAMES = 150;
const AXIS = 20;
const NEAREST = 1000;
const STATES_DRAWN = 6;

class LaneChart {
  /** `paint`: the flame graph's colours; `worst`: episodes; `choose` and `tip` as the heatmap's. */
  constructor(host, recording, { data, paint, worst, choose, tip, label }) {
    Object.assign(this, { host, recording, data, paint, worst, choose, tip, label });
    this.canvas = host.querySelector("canvas");
    this.drawn = document.createElement("canvas");
    this.context = this.drawn.getContext("2d");
    this.shown = recording.states.map((state) => data.states.includes(state));
    this.tracks = recording.tracks.filter((track) => track.listed && track.size > 0);
    this.gils = recording.gils.length;
    this.lanes = this.gils + this.tracks.length;
    this.from = 0;
    this.to = Math.max(recording.duration, NEAREST);
    this.chosen = null;
    this.lane = 0;
    this.focused = null;
    this.plot = NAMES;
  }

  timeAt(clientX) {
    const x = clientX - this.canvas.getBoundingClientRect().left - NAMES;
    return this.from + (Math.min(Math.max(x, 0), this.plot) * (this.to - this.from)) / this.plot;
  }

  xOf(time) {
    return NAMES + ((time - this.from) * this.plot) / (this.to - this.from);
  }

  /** Show a stretch of time, at least a microsecond and at most everything. */
  look(from, to) {
    const whole = Math.max(this.recording.duration, NEAREST);
    const span = Math.min(Math.max(to - from, NEAREST), whole);
    this.from = Math.min(Math.max((from + to - span) / 2, 0), whole - span);
    this.to = this.from + span;
    this.draw();
  }

  zoom(factor, around = (this.from + this.to) / 2) {
    this.look(around - (around - this.from) * factor, around + (this.to - around) * factor);
  }

  show(chosen) {
    this.chosen = chosen;
    this.overlay();
  }

  /** Draw all that is in sight, then what changes more often on it. */
  draw() {
    const { drawn: canvas, context, host } = this;
    this.plot = Math.max(host.clientWidth - NAMES, 50);
    byId("lanes-room").style.height = `${AXIS + this.lanes * LANE}px`;
    const ratio = window.devicePixelRatio || 1;
    const height = Math.min(host.clientHeight, AXIS + this.lanes * LANE);
    canvas.width = Math.round(host.clientWidth * ratio);
    canvas.height = Math.round(height * ratio);
    this.ready(context, ratio);
    const style = getComputedStyle(document.documentElement);
    this.colours = Object.fromEntries(["text", "dim", "line", "accent", "surface"].map(
      (name) => [name, style.getPropertyValue(`--${name}`).trim()],
    ));
    const top = host.scrollTop;
    const last = Math.min(this.lanes, Math.ceil((top + height - AXIS) / LANE));
    for (let row = Math.floor(top / LANE); row < last; row++) {
      const y = AXIS + row * LANE - top;
      const track = this.tracks[row - this.gils];
      if (row < this.gils) this.drawGil(this.recording.gils[row], y);
      else this.drawTrack(track, y);
      this.drawName(row < this.gils ? this.nameOfGil(this.recording.gils[row]) : track.short, y);
    }
    this.drawAxis();
    this.overlay();
    const seconds = `${clock(this.from, this.to - this.from)} to ${clock(this.to, (this.to - this.from) / 100)}`;
    byId("lanes-words").textContent = this.recording.duration > 0 ? seconds : "No time was observed.";
  }

  ready(context, ratio) {
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    context.textBaseline = "middle";
  }

  /** What is chosen, and what the keyboard is at. */
  overlay() {
    const { canvas, drawn, host } = this;
    const ratio = window.devicePixelRatio || 1;
    Object.assign(canvas, { width: drawn.width, height: drawn.height });
    Object.assign(canvas.style, { width: `${drawn.width / ratio}px`, height: `${drawn.height / ratio}px` });
    const context = canvas.getContext("2d");
    context.drawImage(drawn, 0, 0);
    this.ready(context, ratio);
    this.drawChosen(context, drawn.height / ratio);
    if (!host.matches(":focus-visible")) return;
    const y = AXIS + this.lane * LANE - host.scrollTop;
    context.fillStyle = this.colours.accent;
    context.fillRect(0, y, 4, BAR);
    if (this.focused !== null) this.drawFocus(context, this.focused, y);
  }

  drawName(name, y) {
    const { context, colours } = this;
    context.fillStyle = colours.surface;
    context.fillRect(0, y, NAMES - 4, LANE);
    context.fillStyle = colours.text;
    context.fillText(name, 8, y + BAR / 2, NAMES - 14);
  }

  /** Time by pixel and state, drawn from the top in the legend's order; names where there is room for them. */
  drawTrack(track, y) {
    const { recording, context, from, to, plot } = this;
    const shares = new Float64Array(plot * STATES_DRAWN);
    const scale = plot / (to - from);
    const wide = [];
    recording.each(track, from, to, (run, begin, end) => {
      const state = track.state[run];
      if (!this.shown[state]) return;
      const [left, right] = [(begin - from) * scale, (end - from) * scale];
      for (let pixel = Math.floor(left); pixel < Math.min(right, plot); pixel++) {
        shares[pixel * STATES_DRAWN + state] += Math.min(right, pixel + 1) - Math.max(left, pixel);
      }
      if (right - left > 3) wide.push([run, left, right]);
    });
    for (const state of this.data.states) this.drawState(shares, recording.states.indexOf(state), state, y);
    for (const [run, left, right] of wide) {
      context.fillStyle = this.colours.surface;
      context.fillRect(NAMES + right - 0.5, y, 0.5, BAR);
      const { name } = this.label(track.row[run]);
      if (right - left > 40) this.drawText(name, NAMES + left + 5, y, right - left - 9);
    }
    this.drawWorst(track, y);
  }

  /** A state's part of every pixel, neighbours that are full of it in one. */
  drawState(shares, state, name, y) {
    const { context, plot } = this;
    for (let pixel = 0; pixel < plot;) {
      const base = pixel * STATES_DRAWN;
      const share = shares[base + state];
      if (share < 1e-6) {
        pixel++;
        continue;
      }
      let width = 1;
      while (share > 0.999 && pixel + width < plot && shares[(pixel + width) * STATES_DRAWN + state] > 0.999) width++;
      const above = this.data.states.slice(0, this.data.states.indexOf(name))
        .reduce((total, other) => total + shares[base + this.recording.states.indexOf(other)], 0);
      context.fillStyle = this.paint.fill(name, 0, width);
      context.fillRect(NAMES + pixel, y + above * BAR, width, Math.min(share, 1) * BAR);
      pixel += width;
    }
  }

  drawText(text, x, y, room) {
    const { context } = this;
    const needed = context.measureText(text).width;
    const fitting = needed > room ? Math.floor((text.length * room) / needed) - 1 : text.length;
    if (fitting < 2) return;
    context.fillStyle = this.paint.text;
    context.fillText(fitting < text.length ? `${text.slice(0, fitting)}…` : text, x, y + BAR / 2 + 1);
  }

  drawFocus(context, { track, run }, y) {
    const { recording } = this;
    const left = this.xOf(recording.begin[track.first[run]]);
    context.strokeStyle = this.colours.text;
    context.lineWidth = 2;
    context.strokeRect(left, y, Math.max(this.xOf(recording.end[track.last[run]]) - left, 3), BAR);
  }

  drawWorst(track, y) {
    const { context } = this;
    this.worst.forEach((episode, number) => {
      if (this.recording.tracks[episode.track] !== track) return;
      const [left, right] = [this.xOf(episode.begin_ns), this.xOf(episode.begin_ns + episode.length_ns)];
      if (right < NAMES || left > NAMES + this.plot) return;
      const [from, to] = [Math.max(left, NAMES), Math.min(Math.max(right, left + 3), NAMES + this.plot)];
      context.fillStyle = this.colours.accent;
      context.fillRect(from, y + BAR, Math.max(to - from, 3), 3);
      if (to - from > 14 || this.to - this.from < 1e10) {
        context.font = `700 10px ${getComputedStyle(document.body).fontFamily}`;
        context.fillText(String(number + 1), from, y + BAR + 6);
        context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
      }
    });
  }

  nameOfGil({ id }) {
    return this.gils === 1 ? "has the GIL" : `has GIL ${id}`;
  }

  /** Who has a GIL: the thread's name where it has it for long enough. */
  drawGil(gil, y) {
    const { recording, context, paint, plot } = this;
    let pass = recording.passAt(this.from);
    const pixels = Array.from({ length: plot }, () => null);
    while (pass < recording.end.length && recording.begin[pass] < this.to) {
      const holder = gil.holder[pass];
      const begin = Math.max(recording.begin[pass], this.from);
      let end = recording.end[pass];
      for (pass++; pass < recording.end.length && gil.holder[pass] === holder
        && recording.begin[pass] === end; pass++) end = recording.end[pass];
      const [left, right] = [this.xOf(begin) - NAMES, Math.min(this.xOf(end) - NAMES, plot)];
      if (right - left < 2) {
        for (let pixel = Math.floor(left); pixel < right; pixel++) pixels[pixel] ??= holder;
        continue;
      }
      this.drawHolder(holder, NAMES + left, right - left, y);
    }
    pixels.forEach((holder, pixel) => {
      if (holder !== null) this.drawHolder(holder, NAMES + pixel, 1, y);
    });
    context.fillStyle = paint.text;
  }

  drawHolder(holder, x, width, y) {
    if (holder === NOBODY) return;
    const { context, paint } = this;
    const state = holder === NOT_KNOWN ? "unknown" : "held";
    context.fillStyle = paint.fill(state, holder >= 0 ? holder % SHADES : 0, width);
    context.fillRect(x, y, width, BAR);
    if (width > 40) this.drawText(this.nameOf(holder), x + 5, y, width - 9);
  }

  nameOf(holder) {
    return holder >= 0 ? this.recording.tracks[holder].name : NO_TRACK[holder];
  }

  drawAxis() {
    const { context, colours } = this;
    context.fillStyle = colours.surface;
    context.fillRect(0, 0, this.host.clientWidth, AXIS);
    const wanted = ((this.to - this.from) * 110) / this.plot;
    const power = 10 ** Math.floor(Math.log10(wanted));
    const step = [1, 2, 5, 10].map((times) => times * power).find((one) => one >= wanted);
    context.fillStyle = colours.dim;
    for (let time = Math.ceil(this.from / step) * step; time <= this.to; time += step) {
      context.fillRect(this.xOf(time), AXIS - 5, 1, 5);
      context.fillText(clock(time, step), this.xOf(time) + 3, AXIS / 2 - 1);
    }
  }

  drawChosen(context, height) {
    if (this.chosen === null) return;
    const { colours } = this;
    const left = Math.max(this.xOf(this.chosen.from), NAMES);
    const right = Math.min(this.xOf(this.chosen.to), NAMES + this.plot);
    if (right < left) return;
    context.fillStyle = colours.accent;
    context.globalAlpha = 0.1;
    context.fillRect(left, 0, right - left, height);
    context.globalAlpha = 1;
    for (const x of [left, right]) context.fillRect(x - 1, 0, 2, height);
  }
}
