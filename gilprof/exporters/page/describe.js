"use strict";

// What the page says of a box: the tip beside it, and a line to be read out.

/** The tip's content: what it is, its time in all states that there are, and the waiting for it. */
function described(view, box, paint) {
  const { tree } = view;
  const { data, width } = tree;
  const sums = [...tree.sums.subarray(box.node * width, (box.node + 1) * width)];
  const own = [...tree.own.subarray(box.node * width, (box.node + 1) * width)];
  const total = sums.reduce((a, b) => a + b, 0);
  const all = view.value(view.root);
  const parts = [element("p", "what", tree.label(box.node))];
  if (tree.place(box.node)) parts.push(element("p", "where", tree.place(box.node)));
  const shown = `${formatSeconds(view.value(box))}, ${formatShare(view.value(box), all)} of what is shown`;
  parts.push(element("p", "", box.state === ALL ? shown : `${tree.stateWords(box.state)}: ${shown}`));

  const headings = ["", "seconds", "share of it", "on top"].map((text) => element("th", "", text));
  const head = element("tr", "", "", ...headings);
  const body = data.states.map((state, column) => {
    const name = element("td", "", "", paint.swatch(column), data.words[state]);
    const row = element("tr", sums[column] > 0 ? "" : "none", "", name);
    row.dataset.state = state;
    for (const text of [formatSeconds(sums[column]), formatShare(sums[column], total), formatSeconds(own[column])]) {
      row.append(element("td", "", text));
    }
    return row;
  });
  const table = element("table", "", "", element("thead", "", "", head), element("tbody", "", "", ...body));
  parts.push(table);
  if (data.rows.blamed_ns !== null && box.node !== 0) {
    const kind = tree.blamed[box.node] > 0 ? "blamed" : "blamed none";
    parts.push(element("p", kind, `Others waited ${formatSeconds(tree.blamed[box.node])} for it (blamed)`));
  }
  return parts;
}

/** One line, for those who do not see the tip. */
function spoken(view, box) {
  const { tree } = view;
  const state = box.state === ALL ? "" : `, ${tree.stateWords(box.state)}`;
  const share = formatShare(view.value(box), view.value(view.root));
  const name = view.isTower(box) && !tree.eachThread ? "all threads" : tree.label(box.node);
  return `${name}${state}: ${formatSeconds(view.value(box))}, ${share} of what is shown`;
}
