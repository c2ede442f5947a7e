"use strict";

// What was seen when. Time is in nanoseconds from the first pass on; a pass stands for the time from `begin` to `end`.

const NOBODY = -1;
const NOT_KNOWN = -2;
const ELSEWHERE = -3;
const LINE = 2 ** 31;

/** The first of `count` places at which `is` holds, which it does from there on; `count` for none. */
function firstWhere(count, is) {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (is(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Runs of one thread: passes `first` to `last`, on a row of time in a state (a number of `states`). */
class Track {
  constructor({ title, short, name, gil, listed }, { key, count }, keys) {
    Object.assign(this, { title, short, name, gil, listed });
    const size = key.reduce((total, one) => total + (one > 0 ? 1 : 0), 0);
    this.first = new Int32Array(size);
    this.last = new Int32Array(size);
    this.row = new Int32Array(size);
    this.state = new Uint8Array(size);
    let [run, pass] = [0, 0];
    for (let at = 0; at < key.length; at++) {
      if (key[at] > 0) {
        this.first[run] = pass;
        this.last[run] = pass + count[at] - 1;
        this.row[run] = keys.row[key[at] - 1];
        this.state[run] = keys.state[key[at] - 1];
        run++;
      }
      pass += count[at];
    }
  }

  get size() {
    return this.first.length;
  }

  /** The first run that reaches a pass or comes behind it. */
  from(pass) {
    return firstWhere(this.size, (run) => this.last[run] >= pass);
  }
}

class Recording {
  static async read(data) {
    const [passes, keys] = await Promise.all([unpackedAll(data.passes), unpackedAll(data.keys)]);
    const tracks = [];
    for (const track of data.tracks) {
      tracks.push(new Track(track, await unpackedAll({ key: track.key, count: track.count }), keys));
    }
    const gils = [];
    for (const gil of data.gils) gils.push({ id: gil.id, ...(await unpackedAll({ has: gil.has })) });
    return new Recording(data, passes, tracks, gils);
  }

  constructor(data, passes, tracks, gils) {
    this.states = data.states;
    this.nobody = data.nobody;
    this.tracks = tracks;
    const size = passes.weight_ns.length;
    this.begin = new Float64Array(size);
    this.end = new Float64Array(size);
    let time = 0;
    for (let pass = 0; pass < size; pass++) {
      this.begin[pass] = time + passes.unobserved_ns[pass];
      time = this.end[pass] = this.begin[pass] + passes.weight_ns[pass];
    }
    this.duration = time;
    this.waiting = this.states.indexOf("waiting");
    this.gils = gils.map(({ id, has }) => ({
      id, holder: Int32Array.from(has, (one) => [NOBODY, ELSEWHERE, NOT_KNOWN][one]),
      holderRow: new Int32Array(has.length).fill(-1),
    }));
    this.findHolders();
  }

  /** Who has which GIL at each pass: its track and row of time, or NOBODY, NOT_KNOWN, ELSEWHERE. */
  findHolders() {
    const held = ["held", "held_blocked"].map((state) => this.states.indexOf(state));
    this.tracks.forEach((track, number) => {
      const gil = this.gils[track.gil];
      for (let run = 0; run < track.size && gil !== undefined; run++) {
        if (!held.includes(track.state[run])) continue;
        gil.holder.fill(number, track.first[run], track.last[run] + 1);
        gil.holderRow.fill(track.row[run], track.first[run], track.last[run] + 1);
      }
    });
  }

  /** The first pass that stands for time behind `time`. */
  passAt(time) {
    return firstWhere(this.end.length, (pass) => this.end[pass] > time);
  }

  /** How much of a pass lies in a stretch. */
  part(pass, from, to) {
    return Math.max(Math.min(this.end[pass], to) - Math.max(this.begin[pass], from), 0);
  }

  /** Call `take(run, from, to)` for each run of a track in a stretch, with what of it lies inside. */
  each(track, from, to, take) {
    const { begin, end } = this;
    const { first, last, size } = track;
    for (let run = track.from(this.passAt(from)); run < size && begin[first[run]] < to; run++) {
      take(run, Math.max(begin[first[run]], from), Math.min(end[last[run]], to));
    }
  }

  /** The row of time of a GIL's holder at a pass, which a holder that is no thread has too. */
  rowOfHolder({ holder, holderRow }, pass) {
    const { nobody } = this;
    if (holder[pass] >= 0) return holderRow[pass];
    const row = holder[pass] === NOBODY ? nobody.free : holder[pass] === NOT_KNOWN ? nobody.torn : nobody.others;
    return row >= 0 ? row : nobody.others;
  }

  /**
   * The time in a stretch: `ns` by state and row of time, `byTrack` by track and state, `blamed` by row, `pairs` of
   * {holder, waiter, ns} by row and `waits` of {holder, waiter, ns} by track. `asked`: the names of the states.
   */
  sums(from, to, asked, rows) {
    const ns = Object.fromEntries(asked.map((state) => [state, new Float64Array(rows)]));
    const nsOf = this.states.map((state) => ns[state] ?? null);
    const byTrack = this.tracks.map(() => new Float64Array(this.states.length));
    const blamed = new Float64Array(rows);
    const [pairs, waits] = [new Map(), new Map()];
    this.tracks.forEach((track, number) => {
      this.each(track, from, to, (run, begins, ends) => {
        const state = track.state[run];
        if (nsOf[state] === null) return;
        if (track.listed) {
          nsOf[state][track.row[run]] += ends - begins;
          byTrack[number][state] += ends - begins;
        }
        const gil = state === this.waiting ? this.gils[track.gil] : undefined;
        if (gil !== undefined) this.blame(gil, track, number, run, from, to, { blamed, pairs, waits });
      });
    });
    return { ns, byTrack, blamed, pairs: asPairs(pairs), waits: asPairs(waits) };
  }

  /** Charge what of a waiting run lies in a stretch to those who had the GIL meanwhile. */
  blame(gil, track, number, run, from, to, { blamed, pairs, waits }) {
    let pass = track.first[run];
    if (this.end[pass] <= from) pass = this.passAt(from);
    while (pass <= track.last[run] && this.begin[pass] < to) {
      const [holder, row] = [gil.holder[pass], this.rowOfHolder(gil, pass)];
      const same = (at) => gil.holder[at] === holder && this.rowOfHolder(gil, at) === row;
      let ns = 0;
      for (; pass <= track.last[run] && same(pass); pass++) {
        ns += this.part(pass, from, to);
      }
      const holderListed = holder >= 0 && this.tracks[holder].listed;
      if (ns === 0 || !(track.listed || holderListed)) continue;
      if (row >= 0) added(pairs, row, track.row[run], ns);
      if (holderListed) blamed[row] += ns;
      added(waits, holder, number, ns);
    }
  }

  /** Mean number of listed threads that wait in each of `count` cells; -1 where nothing was observed. */
  waiters(cell, count) {
    const [waiting, observed] = [new Float64Array(count), new Float64Array(count)];
    const spread = (into, begin, end) => {
      for (let at = Math.floor(begin / cell); at < count && at * cell < end; at++) {
        into[at] += Math.min(end, (at + 1) * cell) - Math.max(begin, at * cell);
      }
    };
    for (let pass = 0; pass < this.end.length; pass++) spread(observed, this.begin[pass], this.end[pass]);
    for (const track of this.tracks.filter((one) => one.listed)) {
      for (let run = 0; run < track.size; run++) {
        if (track.state[run] !== this.waiting) continue;
        spread(waiting, this.begin[track.first[run]], this.end[track.last[run]]);
      }
    }
    return waiting.map((ns, at) => (observed[at] > 0 ? ns / observed[at] : -1));
  }
}

/** Add to the amount of a pair of numbers. */
function added(pairs, holder, waiter, ns) {
  const key = (holder - ELSEWHERE) * LINE + waiter;
  pairs.set(key, (pairs.get(key) ?? 0) + ns);
}

function asPairs(pairs) {
  return [...pairs].map(([key, ns]) => ({ holder: Math.floor(key / LINE) + ELSEWHERE, waiter: key % LINE, ns }));
}
