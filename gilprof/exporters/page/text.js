"use strict";

// Figures as gilprof/units.py writes them, and elements.

/** Three figures: 12.5 s, 2.41 s, 12.3 ms, 0 s. */
function formatSeconds(ns) {
  const seconds = ns / 1e9;
  return seconds !== 0 && seconds < 0.9995 ? `${threeFigures(1000 * seconds)} ms` : `${threeFigures(seconds)} s`;
}

/** With its sign: +2.10 s, −13.8 s, 0 s. */
function formatChange(ns) {
  return ns === 0 ? "0 s" : `${ns > 0 ? "+" : "−"}${formatSeconds(Math.abs(ns))}`;
}

function threeFigures(value) {
  if (value === 0) return "0";
  if (value < 0.005) return "<0.01";
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

/** 98 %, 4.2 %, <0.1 %, 0 %; ? of nothing. */
function formatShare(part, whole) {
  if (whole <= 0) return "?";
  const percent = (100 * part) / whole;
  if (percent > 0 && percent < 0.1) return "<0.1 %";
  const rounded = (percent >= 9.95 && percent < 99.5) || percent >= 99.95 || percent === 0;
  return `${percent.toFixed(rounded ? 0 : 1)} %`;
}

/** An element with text and children; text is never read as HTML. */
function element(tag, className, text, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

function byId(id) {
  return document.getElementById(id);
}
