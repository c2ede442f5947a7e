"use strict";

// What people do with the lanes, and what is said of them.

/** Of an episode's length, on either side of it when it is gone to. */
const MARGIN = 0.5;

class Lanes extends LaneChart {
  constructor(host, recording, options) {
    super(host, recording, options);
    this.listen();
    this.draw();
  }

  /** The run of a lane's thread at a time; null for none. */
  runAt(lane, time) {
    const track = this.tracks[lane - this.gils];
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
    if (recording.gils[track.gil] !== undefined) {
      parts.push(this.holderWords(track.gil, Math.min(Math.max(time, begin), end - 1)));
    }
    return parts;
  }

  holderWords(number, time) {
    const gil = this.recording.gils[number];
    const name = this.gils === 1 ? "The GIL" : `GIL ${gil.id}`;
    const pass = this.recording.passAt(time);
    if (pass >= this.recording.end.length || this.recording.begin[pass] > time) return "Not observed";
    const holder = gil.holder[pass];
    if (holder < 0) return `${name}: ${NO_TRACK[holder]}`;
    return `${name}: ${this.nameOf(holder)}, ${this.label(gil.holderRow[pass]).place}`;
  }

  wordsAt(lane, time) {
    if (lane < this.gils) return [clock(time, 1e5), this.holderWords(lane, time)];
    const found = this.runAt(lane, time);
    return found === null ? [clock(time, 1e5), "Not there, or not observed"] : this.words(found, time);
  }

  laneAt(clientY) {
    const y = clientY - this.canvas.getBoundingClientRect().top + this.host.scrollTop - AXIS;
    return Math.min(Math.max(Math.floor(y / LANE), 0), this.lanes - 1);
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
    this.lane = Math.min(Math.max(this.lane + side, 0), this.lanes - 1);
    const top = this.lane * LANE;
    this.host.scrollTop = Math.min(Math.max(this.host.scrollTop, top + 2 * LANE - this.host.clientHeight), top);
    this.focused = this.runAt(this.lane, time);
    this.say(time);
  }

  /** To the run before or after; the first one in sight where there is none yet. */
  step(side) {
    if (this.focused === null) {
      this.lane = Math.max(this.lane, this.gils);
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
    const row = this.tracks.indexOf(this.recording.tracks[episode.track]);
    if (row >= 0) this.lane = this.gils + row;
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
