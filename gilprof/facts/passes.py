"""Which rows of facts belong to one pass: there is one for each GIL domain."""

from __future__ import annotations

import numpy as np

from gilprof.facts.arrays import Bools, Rows
from gilprof.model import PassArray


def begins_pass(passes: PassArray) -> Bools:
    """(P,) whether the row is the first of its pass: the others have its ``t_ns`` and rising domains."""
    out = np.ones(len(passes), np.bool_)
    t_ns, domain = passes["t_ns"], passes["domain"]
    out[1:] = (t_ns[1:] != t_ns[:-1]) | (domain[1:] <= domain[:-1])
    return out


def pass_numbers(passes: PassArray) -> Rows:
    """(P,) which pass each row belongs to, from 0 on."""
    return np.cumsum(begins_pass(passes)) - 1
