"""Which rows of facts belong to one pass: there is one for each GIL domain."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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


def domains_of(domain: npt.NDArray[np.int32]) -> list[int]:
    """The GIL domains among those of some rows, each once; looking first whether it is one, as it is nearly always."""
    if len(domain) and (domain == domain[0]).all():
        return [int(domain[0])]
    found: list[int] = np.unique(domain).tolist()
    return found
