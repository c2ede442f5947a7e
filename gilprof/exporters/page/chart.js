"use strict";

// Draws a view's boxes on a canvas, of which only the rows in sight, and tells which box is where.

const ROW = 22;
const FADED = 0.22;
const FADED_TEXT = 0.6;
const PALE = 0.72;
const NARROWEST_TEXT = 26;

class Chart {
  constructor(host, paint) {
    this.host = host;
    this.colours = paint;
    this.canvas = host.querySelector("#canvas");
    this.room = host.querySelector("#room");
    this.context = this.canvas.getContext("2d");
    this.rows = [];
    this.found = null;
    this.widths = new Map();
    host.addEventListener("scroll", () => this.paint());
  }

  /** Lay `view` out anew below `zoomed`; `found`: the search, null without one. */
  show(view, zoomed, found) {
    this.view = view;
    this.found = found;
    this.width = this.host.clientWidth;
    this.depth = view.path(zoomed).length - 1;
    this.rows = view.value(zoomed) > 0 ? view.layout(zoomed, this.width) : [];
    this.room.style.height = `${this.rows.length * ROW}px`;
    // The scroll bar that the new height brings takes some of the width.
    if (this.host.clientWidth !== this.width && this.rows.length > 0) {
      this.width = this.host.clientWidth;
      this.rows = view.layout(zoomed, this.width);
    }
    this.paint();
  }

  paint() {
    const ratio = window.devicePixelRatio || 1;
    const height = Math.min(this.host.clientHeight, this.rows.length * ROW);
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.width = `${this.width}px`;
    this.canvas.style.height = `${height}px`;
    const context = this.context;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    context.textBaseline = "middle";
    const top = this.host.scrollTop;
    const last = Math.min(this.rows.length, Math.ceil((top + height) / ROW));
    for (let row = Math.floor(top / ROW); row < last; row++) {
      for (const place of this.rows[row]) this.paintBox(place, row * ROW - top, row < this.depth);
    }
  }

  paintBox({ box, x, width }, y, above) {
    const { context, view } = this;
    const faded = above || (this.found !== null && !this.isFound(box));
    context.globalAlpha = faded ? FADED : 1;
    const shade = view.isTower(box) ? 0 : hashed(view.tree.name(box.node)) % SHADES;
    const wide = width > 3 ? width - 1 : width;
    let left = x;
    for (const [fill, part] of view.fills(box, this.colours, shade, wide)) {
      context.fillStyle = fill;
      context.fillRect(left, y, part, ROW - 1);
      left += part;
    }
    context.globalAlpha = faded ? FADED_TEXT : 1;
    if (width >= NARROWEST_TEXT) this.paintLabel(box, x + 6, y + ROW / 2, width - 11);
    context.globalAlpha = 1;
  }

  /** The name, or its beginning; behind it the file, paler, if there is room for all of it. */
  paintLabel(box, x, y, room) {
    const { context, view } = this;
    const [name, label] = [view.name(box), view.label(box)];
    const needed = this.textWidth(name);
    context.fillStyle = this.colours.text;
    if (needed > room) {
      const fitting = Math.floor((name.length * room) / needed) - 1;
      if (fitting >= 2) context.fillText(`${name.slice(0, fitting)}…`, x, y, room);
      return;
    }
    context.fillText(name, x, y);
    if (label === name || this.textWidth(label) > room) return;
    context.globalAlpha *= PALE;
    context.fillText(label.slice(name.length), x + needed, y);
  }

  textWidth(text) {
    if (!this.widths.has(text)) this.widths.set(text, this.context.measureText(text).width);
    return this.widths.get(text);
  }

  /** A tower or everything is neither found nor not. */
  isFound(box) {
    return box.node === 0 || this.view.isTower(box) || this.found.matches(box.node);
  }

  /** The place of what is at a point of the window; null where there is nothing. */
  at(clientX, clientY) {
    const { left, top } = this.room.getBoundingClientRect();
    const row = this.rows[Math.floor((clientY - top) / ROW)] ?? [];
    const x = clientX - left;
    return row.find((place) => x >= place.x && x < place.x + place.width) ?? null;
  }

  /** Where a box is: its row and its place in it; null where it is not drawn. */
  find(box) {
    const key = this.view.key(box);
    for (const [row, places] of this.rows.entries()) {
      const column = places.findIndex((place) => this.view.key(place.box) === key);
      if (column >= 0) return { row, column };
    }
    return null;
  }

  /** Put a ring round a box, or hide it. */
  ring(ring, box) {
    const found = box && this.find(box);
    ring.hidden = !found;
    if (!found) return;
    const { x, width } = this.rows[found.row][found.column];
    Object.assign(ring.style, {
      left: `${x}px`, top: `${found.row * ROW}px`, width: `${Math.max(width - 1, 3)}px`, height: `${ROW - 1}px`,
    });
  }
}

/** A number that is the same for the same text. */
function hashed(text) {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (hash * 31 + text.charCodeAt(at)) | 0;
  return Math.abs(hash);
}
