"use strict";

// How a state looks: a colour of the style sheet's, which follow light and dark, and a texture, as not everybody
// tells red from green.

const SHADES = 4;
const TILE = 8;
const SWATCH = 22;
const NARROWEST_TEXTURE = 4;
const STEPS = 6;
const PALEST = 0.35;

/** Draw over a tile whose neighbours are the same tile. */
const TEXTURES = {
  held_blocked: (context) => strokes(context, 1),
  released: (context) => {
    for (const at of [TILE / 4, (3 * TILE) / 4]) context.fillRect(at - 0.75, at - 0.75, 1.5, 1.5);
  },
  unknown: (context) => strokes(context, -1),
};

class Paint {
  constructor(data) {
    this.data = data;
    this.read();
  }

  /** Take the colours of the style sheet as they are now. */
  read() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    this.text = colour("box-text");
    this.ratio = window.devicePixelRatio || 1;
    const fills = (state) => Array.from({ length: SHADES }, (_, shade) => {
      const plain = mixed(colour(state), colour("surface"), 0.07 * shade);
      return { plain, textured: state in TEXTURES ? this.tile(state, plain) : plain };
    });
    this.fills = Object.fromEntries(Object.keys(this.data.words).map((state) => [state, fills(state)]));
    this.noise = colour("noise");
    const steps = (name) => Array.from({ length: STEPS }, (_, step) =>
      mixed(this.noise, colour(name), PALEST + ((1 - PALEST) * step) / (STEPS - 1)));
    this.changes = { more: steps("more"), less: steps("less") };
  }

  /** How to fill a state's part of a box; neighbours of different `shade` can be told apart. */
  fill(state, shade, width) {
    const { plain, textured } = this.fills[state][shade];
    return width < NARROWEST_TEXTURE ? plain : textured;
  }

  /** How to fill what has changed: `share` is -1 for what is gone, 1 for what is new. */
  change(share) {
    const step = Math.round(Math.abs(share) * (STEPS - 1));
    return share === 0 ? this.noise : this.changes[share > 0 ? "more" : "less"][step];
  }

  tile(state, plain) {
    const { canvas, context } = surface(TILE, TILE, this.ratio);
    context.fillStyle = plain;
    context.fillRect(0, 0, TILE, TILE);
    context.globalAlpha = 0.18;
    context.fillStyle = context.strokeStyle = this.text;
    TEXTURES[state](context);
    const pattern = context.createPattern(canvas, "repeat");
    pattern.setTransform(new DOMMatrix().scale(1 / this.ratio));
    return pattern;
  }

  /** A square with a state's colour, texture and letter. */
  swatch(state) {
    const { canvas, context } = surface(SWATCH, SWATCH, this.ratio);
    canvas.className = "swatch";
    canvas.setAttribute("aria-hidden", "true");
    context.fillStyle = this.fill(state, 0, SWATCH);
    context.fillRect(0, 0, SWATCH, SWATCH);
    context.font = `700 11px ${getComputedStyle(document.body).fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = this.text;
    context.fillText(this.data.letters[state], SWATCH / 2, SWATCH / 2 + 1);
    return canvas;
  }
}

/** A canvas of so many pixels of the page, and what draws on it in these. */
function surface(width, height, ratio) {
  const canvas = document.createElement("canvas");
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return { canvas, context };
}

/** Lines that rise (`slope` 1) or fall (-1) from tile to tile. */
function strokes(context, slope) {
  context.lineWidth = 2;
  context.beginPath();
  for (const shift of [-TILE, 0, TILE]) {
    const [from, to] = slope > 0 ? [TILE, 0] : [0, TILE];
    context.moveTo(shift - 1, from + slope);
    context.lineTo(shift + TILE + 1, to - slope);
  }
  context.stroke();
}

/** Two colours #rrggbb; `share` of the second one. */
function mixed(first, second, share) {
  const parts = [1, 3, 5].map((at) => {
    const [a, b] = [first, second].map((colour) => Number.parseInt(colour.slice(at, at + 2), 16));
    return Math.round(a + (b - a) * share);
  });
  return `rgb(${parts.join(" ")})`;
}
