"use strict";

// Arrays that are deflated, in base64.

const ARRAYS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f8: Float64Array };

/** The numbers of a column. */
async function unpacked({ type, data }) {
  const text = atob(data);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new ARRAYS[type](await new Response(plain).arrayBuffer());
}

/** An object's columns, by the same names. */
async function unpackedAll(columns) {
  const pairs = Object.entries(columns).map(async ([name, column]) => [name, await unpacked(column)]);
  return Object.fromEntries(await Promise.all(pairs));
}
