"use strict";

// The time chosen as tables: threads by state, and who waits for whom.

const MOST_ROWS = 50;
const NO_TRACK = { [NOBODY]: "nobody: hand-over", [NOT_KNOWN]: "not known", [ELSEWHERE]: "others" };

function timeTables(recording, sums, states, words) {
  const numbers = states.map((state) => recording.states.indexOf(state));
  const total = (track) => numbers.reduce((all, state) => all + sums.byTrack[track][state], 0);
  const threads = recording.tracks.map((_, track) => track).filter((track) => total(track) > 0);
  const waited = (track) => sums.byTrack[track][recording.waiting];
  threads.sort((a, b) => waited(b) - waited(a) || a - b);
  const rows = threads.map((track) => [
    recording.tracks[track].title, ...numbers.map((state) => secondsOrNone(sums.byTrack[track][state])),
  ]);
  const name = (track) => (track >= 0 ? recording.tracks[track].title : NO_TRACK[track]);
  const waits = [...sums.waits].sort((a, b) => b.ns - a.ns).map((pair) => [
    name(pair.waiter), name(pair.holder), formatSeconds(pair.ns),
  ]);
  return [
    table("Threads", ["thread", ...states.map((state) => words[state])], rows),
    table("Who waits for whom", ["waiter", "has the GIL meanwhile", "waiting"], waits),
  ];
}

function secondsOrNone(ns) {
  return ns > 0 ? formatSeconds(ns) : "-";
}

function table(caption, headings, rows) {
  const more = rows.length > MOST_ROWS ? `; ${rows.length - MOST_ROWS} more are not shown` : "";
  const head = headings.map((heading) => {
    const cell = element("th", "", heading);
    cell.scope = "col";
    return cell;
  });
  const body = rows.slice(0, MOST_ROWS).map((cells) => {
    const [first, ...others] = cells;
    const heading = element("th", "", first);
    heading.scope = "row";
    return element("tr", "", "", heading, ...others.map((text) => element("td", "", text)));
  });
  return element(
    "table", "", "", element("caption", "", caption + more),
    element("thead", "", "", element("tr", "", "", ...head)), element("tbody", "", "", ...body),
  );
}
