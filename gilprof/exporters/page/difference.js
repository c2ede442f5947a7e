"use strict";

// A profile beside an earlier one: the time of both, what has changed, and what of that may be chance.

/** A difference within so many standard errors is taken for chance; with 3, of what has not changed 0.3 % is not. */
const STANDARD_ERRORS = 3;

/** A tree with a baseline's columns behind the states'; the boxes are as wide as the time of `side`. */
class DifferenceView extends View {
  /** `side`: `new`, `before`, or `both` together. */
  constructor(tree, on, byState, side) {
    super(tree, on, byState);
    this.side = side;
  }

  amount(sums, base, state) {
    const now = this.side === "before" ? 0 : super.amount(sums, base, state);
    return now + (this.side === "new" ? 0 : this.before(sums, base, state));
  }

  now(sums, base, state) {
    return super.amount(sums, base, state);
  }

  before(sums, base, state) {
    return super.amount(sums, base + this.tree.states.length, state);
  }

  /** The time now and before, of the columns that begin at `base`, and whether that may be chance. */
  changeOf(sums, base, state) {
    const [now, before] = [this.now(sums, base, state), this.before(sums, base, state)];
    return { now, before, noise: isNoise(now, before, this.tree.data.look_ns) };
  }

  change(box) {
    return this.changeOf(this.tree.sums, box.node * this.tree.width, box.state);
  }

  fills(box, colours, shade, width) {
    const { now, before, noise } = this.change(box);
    return [[colours.change(noise ? 0 : (now - before) / (now + before)), width]];
  }

  name(box) {
    return this.marked(box, super.name(box));
  }

  label(box) {
    return this.marked(box, super.label(box));
  }

  marked(box, text) {
    const { now, before, noise } = this.change(box);
    return `${noise ? "≈" : formatChange(now - before)} ${text}`;
  }
}

/**
 * Whether two times differ by no more than the error of sampling makes likely. A time of n looks that tell something
 * new has an error of sqrt(n) of them; one more is added, as what was never looked at may be there too.
 */
function isNoise(now, before, [look, lookBefore]) {
  const variance = (now + look) * look + (before + lookBefore) * lookBefore;
  return Math.abs(now - before) <= STANDARD_ERRORS * Math.sqrt(variance);
}
