"""Sums by GIL domain."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gilprof.analysis.classify import NOT_APPLICABLE, LookVerdicts, PassVerdicts
from gilprof.analysis.sums.values import GilSums
from gilprof.facts.arrays import Rows
from gilprof.facts.passes import domains_of
from gilprof.model import NONE, State


@dataclass(slots=True)
class _Gil:
    """``ns``: as ``GilSums`` has them, in its order."""

    first_switch: int
    last_switch: int
    ns: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(6))


class GilTable:
    """What each GIL's time went to."""

    def __init__(self) -> None:
        self._gils: dict[int, _Gil] = {}

    def add(self, passes: PassVerdicts, looks: LookVerdicts, waiters: Rows) -> None:
        """Add rows of passes; ``waiters`` (P,): how many threads wait in each."""
        has_holder, free, contended = passes.holder >= 0, passes.holder == NONE, waiters > 0
        holder_state = np.full(len(passes.t_ns), NOT_APPLICABLE, np.uint8)
        holder_state[has_holder] = looks.state[passes.holder[has_holder]]
        for number in domains_of(passes.domain):
            if number == NONE:
                continue
            mine = passes.domain == number
            switch_number, weight_ns = passes.switch_number[mine], passes.weight_ns
            gil = self._gils.setdefault(number, _Gil(int(switch_number[0]), 0))
            gil.last_switch = int(switch_number[-1])
            gil.ns += [
                weight_ns[mine & (holder_state == State.HELD)].sum(),
                weight_ns[mine & (holder_state == State.HELD_BLOCKED)].sum(),
                weight_ns[mine & contended & free].sum(),
                weight_ns[mine & contended & ~free & ~has_holder].sum(),
                weight_ns[mine & contended].sum(),
                (waiters * weight_ns)[mine].sum(),
            ]

    def sums(self) -> dict[int, GilSums]:
        """A snapshot, by the domain's id."""
        return {number: _sums(gil) for number, gil in self._gils.items()}


def _sums(gil: _Gil) -> GilSums:
    held, held_blocked, handover, torn, contended, waiting = gil.ns.tolist()
    switches = max(gil.last_switch - gil.first_switch, 0)
    return GilSums(held, held_blocked, handover, torn, contended, waiting, switches)
