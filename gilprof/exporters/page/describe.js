"use strict";

// What the page says of a box: the tip beside it, and a line to be read out.

/** The tip's content: what it is, its time in all states that there are, and the waiting for it or the change. */
function described(view, box, paint) {
  const { tree } = view;
  const compares = view instanceof DifferenceView;
  const [base, size] = [box.node * tree.width, tree.states.length];
  const part = (sums, column) => sums[base + column];
  const total = tree.states.reduce((all, _, column) => all + part(tree.sums, column), 0);
  const parts = [element("p", "what", tree.label(box.node))];
  if (tree.place(box.node)) parts.push(element("p", "where", tree.place(box.node)));
  const shown = compares ? changed(view.change(box)) : shareOfShown(view, box);
  parts.push(element("p", "", box.state === ALL ? shown : `${tree.stateWords(box.state)}: ${shown}`));

  const headings = ["", "seconds", ...(compares ? ["before", "change"] : ["share of it", "on top"])];
  const head = element("tr", "", "", ...headings.map((text) => element("th", "", text)));
  const body = tree.states.map((state, column) => {
    const now = part(tree.sums, column);
    const before = compares ? part(tree.sums, size + column) : 0;
    const name = element("td", "", "", paint.swatch(state), tree.stateWords(column));
    const row = element("tr", now + before > 0 ? "" : "none", "", name);
    row.dataset.state = state;
    const beside = compares
      ? [formatSeconds(before), formatChange(now - before)]
      : [formatShare(now, total), formatSeconds(part(tree.own, column))];
    for (const text of [formatSeconds(now), ...beside]) row.append(element("td", "", text));
    return row;
  });
  parts.push(element("table", "", "", element("thead", "", "", head), element("tbody", "", "", ...body)));
  if (tree.rows.blamed_ns !== null && box.node !== 0) {
    const kind = tree.blamed[box.node] > 0 ? "blamed" : "blamed none";
    parts.push(element("p", kind, `Others waited ${formatSeconds(tree.blamed[box.node])} for it (blamed)`));
  }
  return parts;
}

function shareOfShown(view, box) {
  const share = formatShare(view.value(box), view.value(view.root));
  return `${formatSeconds(view.value(box))}, ${share} of what is shown`;
}

function changed({ now, before, noise }) {
  const change = formatChange(now - before);
  return `${formatSeconds(now)}, was ${formatSeconds(before)}: ${change}${noise ? ", which may be chance" : ""}`;
}

/** One line, for those who do not see the tip. */
function spoken(view, box) {
  const { tree } = view;
  const state = box.state === ALL ? "" : `, ${tree.stateWords(box.state)}`;
  const name = view.isTower(box) && !tree.eachThread ? "all threads" : tree.label(box.node);
  const figures = view instanceof DifferenceView ? changed(view.change(box)) : shareOfShown(view, box);
  return `${name}${state}: ${figures}`;
}
