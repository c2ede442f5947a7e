"""Who had the GIL while who waited: pairs of rows of time, as many as a page can carry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gilprof.analysis.sums import TORN, PairSums
from gilprof.facts.arrays import Ns, Rows
from gilprof.report.groups import grouped
from gilprof.report.stacks import Flags

MAX_PAIRS = 200_000
OTHERS = TORN - 1
"""As the holder: one of many, each for so little that ``MAX_PAIRS`` others weigh more."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """P pairs."""

    holder: Rows
    """(P,) row of time, ``HANDOVER`` (nobody had it), ``TORN`` (it is not known who had it) or ``OTHERS``."""
    waiter: Rows
    """(P,) row of time."""
    ns: Ns
    """(P,) the waiter's waiting."""


def pairs_of(pairs: PairSums, listed: Flags, limit: int = MAX_PAIRS) -> Pairs:
    """Those with a ``listed`` node on either side; of more than ``limit`` those with the most waiting, and what is left
    by waiter alone, so that the sums stay whole."""
    holder, waiter = pairs.holder.astype(np.int64), pairs.waiter.astype(np.int64)
    wanted = listed[waiter]
    wanted[holder >= 0] |= listed[holder[holder >= 0]]
    keys = np.column_stack([holder, waiter])[wanted]
    ns = pairs.origin_ns.sum(axis=1)[wanted]
    if len(ns) > limit:
        rest = np.argsort(-ns, kind="stable")[limit:]
        keys[rest, 0] = OTHERS
        keys, sums = grouped(keys, ns[:, None])
        ns = sums[:, 0]
    return Pairs(keys[:, 0], keys[:, 1], ns)
