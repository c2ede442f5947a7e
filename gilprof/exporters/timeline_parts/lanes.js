"use strict";

// Threads over time, each a lane of its states; above them who has the GIL. Only what is in sight is drawn.

const LANE = 28;
const BAR = 19;
const NAMES = 150;
const AXIS = 20;
const NEAREST = 1000;
const MARGIN = 0.5;
const STATES_DRAWN = 6;

class Lanes {
  /** `paint`: the flame graph's colours; `worst`: episodes; `choose` and `tip` as the heatmap's. */
  constructor(host, recording, { data, paint, worst, choose, tip, label }) {
    Object.assign(this, { host, recording, data, paint, worst, choose, tip, label });
    this.canvas = host.querySelector("canvas");
    this.drawn = document.createElement("canvas");
    this.context = this.drawn.getContext("2d");
    this.shown = recording.states.map((state) => data.states.includes(state));
    this.tracks = recording.tracks.filter((track) => track.listed && track.size > 0);
    this.from = 0;
    this.to = Math.max(recording.duration, NEAREST);
    this.chosen = null;
    this.lane = 0;
    this.focused = null;
    this.plot = NAMES;
    this.listen();
    this.draw();
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
    const rows = this.tracks.length + 1;
    byId("lanes-room").style.height = `${AXIS + rows * LANE}px`;
    const ratio = window.devicePixelRatio || 1;
    const height = Math.min(host.clientHeight, AXIS + rows * LANE);
    canvas.width = Math.round(host.clientWidth * ratio);
    canvas.height = Math.round(height * ratio);
    this.ready(context, ratio);
    const style = getComputedStyle(document.documentElement);
    this.colours = Object.fromEntries(["text", "dim", "line", "accent", "surface"].map(
      (name) => [name, style.getPropertyValue(`--${name}`).trim()],
    ));
    const top = host.scrollTop;
    const last = Math.min(rows, Math.ceil((top + height - AXIS) / LANE));
    for (let row = Math.floor(top / LANE); row < last; row++) {
      const y = AXIS + row * LANE - top;
      if (row === 0) this.drawGil(y);
      else this.drawTrack(this.tracks[row - 1], y);
      this.drawName(row === 0 ? "has the GIL" : this.tracks[row - 1].title, y);
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
    const short = name.length > 22 ? `${name.slice(0, 21)}…` : name;
    context.fillText(short, 8, y + BAR / 2, NAMES - 14);
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

  /** Who has the GIL: the thread's name where it has it for long enough. */
  drawGil(y) {
    const { recording, context, paint, plot } = this;
    let pass = recording.passAt(this.from);
    const pixels = Array.from({ length: plot }, () => null);
    while (pass < recording.end.length && recording.begin[pass] < this.to) {
      const holder = recording.holder[pass];
      const begin = Math.max(recording.begin[pass], this.from);
      let end = recording.end[pass];
      for (pass++; pass < recording.end.length && recording.holder[pass] === holder
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

  /** The run of a lane's thread at a time; null for none. */
  runAt(lane, time) {
    const track = this.tracks[lane - 1];
    if (track === undefined) return null;
    const run = track.from(this.recording.passAt(time));
    return run < track.size && this.recording.begin[track.first[run]] <= time ? { track, run } : null;
  }

  /** What is said of a run: thread, state, where, from when for how long; and who has the GIL then. */
  words({ track, run }, time) {
    const { recording } = this;
    const state = recording.states[track.state[run]];
    if (!this.shown[track.state[run]]) return [];
    const [begin, end] = [recording.begin[track.first[run]], recording.end[track.last[run]]];
    const looks = track.last[run] - track.first[run] + 1;
    const parts = [
      `${track.title}: ${this.data.words[state]}`,
      this.label(track.row[run]).place,
      `${clock(begin, 1e5)}, for ${formatSeconds(end - begin)}: ${looks} ${looks === 1 ? "look" : "looks"}`,
    ];
    parts.push(this.holderWords(Math.min(Math.max(time, begin), end - 1)));
    return parts;
  }

  holderWords(time) {
    const pass = this.recording.passAt(time);
    if (pass >= this.recording.end.length || this.recording.begin[pass] > time) return "Not observed";
    const holder = this.recording.holder[pass];
    if (holder < 0) return `The GIL: ${NO_TRACK[holder]}`;
    return `The GIL: ${this.nameOf(holder)}, ${this.label(this.recording.holderRow[pass]).place}`;
  }

  wordsAt(lane, time) {
    if (lane === 0) return [clock(time, 1e5), this.holderWords(time)];
    const found = this.runAt(lane, time);
    return found === null ? [clock(time, 1e5), "Not there, or not observed"] : this.words(found, time);
  }

  laneAt(clientY) {
    const y = clientY - this.canvas.getBoundingClientRect().top + this.host.scrollTop - AXIS;
    return Math.min(Math.max(Math.floor(y / LANE), 0), this.tracks.length);
  }

  listen() {
    const { canvas, host } = this;
    host.addEventListener("scroll", () => this.draw());
    for (const name of ["focus", "blur"]) host.addEventListener(name, () => this.overlay());
    host.addEventListener("keydown", (event) => this.onKey(event));
    host.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.timeAt(event.clientX));
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.dragged = { time: this.timeAt(event.clientX), x: event.clientX };
    });
    canvas.addEventListener("pointermove", (event) => {
      const time = this.timeAt(event.clientX);
      this.tip(this.wordsAt(this.laneAt(event.clientY), time), event);
      if (this.dragged) this.show({ from: Math.min(this.dragged.time, time), to: Math.max(this.dragged.time, time) });
    });
    canvas.addEventListener("pointerup", (event) => {
      const { dragged } = this;
      this.dragged = undefined;
      if (!dragged || Math.abs(event.clientX - dragged.x) < 3) return;
      const time = this.timeAt(event.clientX);
      this.choose(Math.min(dragged.time, time), Math.max(dragged.time, time));
    });
    canvas.addEventListener("pointerleave", () => this.tip(null));
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const span = this.to - this.from;
    const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "+" || event.key === "=") this.zoom(0.5, this.focusedTime());
    else if (event.key === "-") this.zoom(2, this.focusedTime());
    else if (event.key === "Escape") this.choose(null);
    else if (event.key === "n") this.nextWorst();
    else if (side && event.shiftKey) this.look(this.from + (side * span) / 4, this.to + (side * span) / 4);
    else if (side) this.step(side);
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") this.changeLane(event.key === "ArrowUp" ? -1 : 1);
    else return;
    event.preventDefault();
  }

  focusedTime() {
    if (this.focused === null) return (this.from + this.to) / 2;
    return this.recording.begin[this.focused.track.first[this.focused.run]];
  }

  changeLane(side) {
    const time = this.focusedTime();
    this.lane = Math.min(Math.max(this.lane + side, 0), this.tracks.length);
    const top = this.lane * LANE;
    this.host.scrollTop = Math.min(Math.max(this.host.scrollTop, top + 2 * LANE - this.host.clientHeight), top);
    this.focused = this.runAt(this.lane, time);
    this.say(time);
  }

  /** To the run before or after; the first one in sight where there is none yet. */
  step(side) {
    if (this.focused === null) {
      this.lane = Math.max(this.lane, 1);
      this.focused = this.runAt(this.lane, this.from);
    } else {
      const run = this.focused.run + side;
      if (run >= 0 && run < this.focused.track.size) this.focused = { track: this.focused.track, run };
    }
    this.say(this.focusedTime());
  }

  say(time) {
    const words = this.focused === null ? this.wordsAt(this.lane, time) : this.words(this.focused, time);
    byId("said").textContent = words.join("; ");
    const half = (this.to - this.from) / 2;
    if (time < this.from || time > this.to) this.look(time - half, time + half);
    else this.overlay();
  }

  /** Zoom to an episode, and choose its time. */
  toWorst(number) {
    const episode = this.worst[number];
    this.atWorst = number;
    const margin = MARGIN * episode.length_ns;
    const lane = this.tracks.indexOf(this.recording.tracks[episode.track]) + 1;
    if (lane > 0) this.lane = lane;
    this.focused = this.runAt(this.lane, episode.begin_ns + episode.length_ns / 2);
    this.host.scrollTop = Math.max(this.lane * LANE - this.host.clientHeight / 2, 0);
    this.look(episode.begin_ns - margin, episode.begin_ns + episode.length_ns + margin);
    this.choose(Math.max(episode.begin_ns, 0), Math.min(episode.begin_ns + episode.length_ns, this.recording.duration));
    const words = this.focused === null ? [] : this.words(this.focused, this.focusedTime());
    byId("said").textContent = [`Episode ${number + 1}`, ...words].join("; ");
  }

  nextWorst() {
    if (this.worst.length > 0) this.toWorst(((this.atWorst ?? -1) + 1) % this.worst.length);
  }
}
