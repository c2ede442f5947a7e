"""What one thread did in a stretch of time, by state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.oracle.layout import OracleState

_WAITING = (OracleState.REQUEST, OracleState.DROP, OracleState.FORCED)


@dataclass(frozen=True, slots=True)
class Account:
    """Nanoseconds of one thread by state, in elapsed and in CPU time, and how often it came into each.

    Indexed by ``OracleState``. ``t_ns``: up to when (a snapshot), or how long (a difference or a window).
    """

    t_ns: int
    ns: tuple[int, ...]
    cpu_ns: tuple[int, ...]
    entries: tuple[int, ...]

    @property
    def held_ns(self) -> int:
        return self.ns[OracleState.HELD]

    @property
    def held_cpu_ns(self) -> int:
        return self.cpu_ns[OracleState.HELD]

    @property
    def waiting_ns(self) -> int:
        """From a contended request to the hold, contended drops and forced hand-overs."""
        return sum(self.ns[state] for state in _WAITING)

    @property
    def waiting_cpu_ns(self) -> int:
        return sum(self.cpu_ns[state] for state in _WAITING)

    @property
    def off_ns(self) -> int:
        return self.ns[OracleState.OFF]

    @property
    def off_cpu_ns(self) -> int:
        return self.cpu_ns[OracleState.OFF]

    @property
    def total_ns(self) -> int:
        return sum(self.ns)

    def __sub__(self, earlier: Account) -> Account:
        def less(mine: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
            return tuple(a - b for a, b in zip(mine, other, strict=True))

        return Account(
            self.t_ns - earlier.t_ns,
            less(self.ns, earlier.ns),
            less(self.cpu_ns, earlier.cpu_ns),
            less(self.entries, earlier.entries),
        )
