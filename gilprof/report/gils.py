"""The GILs of a process: one as a rule, several where sub-interpreters have their own."""

from __future__ import annotations

from gilprof.analysis.profile_sums import ProfileSums
from gilprof.facts.definitions import Definitions
from gilprof.model import NONE, GilDomain, TargetInfo
from gilprof.report.groups import ratio, seconds
from gilprof.report.model import Gil, Process

_NO_GIL = Gil(NONE, (), False, 0.0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def gil_rows(info: TargetInfo, definitions: Definitions, sums: ProfileSums) -> tuple[Gil, ...]:
    """A row for each GIL that is known of."""
    numbers = sorted({*definitions.domains, *sums.gils})
    return tuple(_row(number, info, definitions.domains.get(number), sums) for number in numbers)


def _row(number: int, info: TargetInfo, domain: GilDomain | None, sums: ProfileSums) -> Gil:
    gil, observed_ns = sums.gils.get(number), sums.observed_ns

    def share(name: str) -> float | None:
        return ratio(0.0 if gil is None else getattr(gil, f"{name}_ns"), observed_ns)

    return Gil(
        id=number,
        interpreters=() if domain is None else domain.interpreters,
        enabled=True,
        switch_interval_s=seconds(info.switch_interval_ns),
        switches=0 if gil is None else gil.switches,
        held=share("held"),
        held_blocked=share("held_blocked"),
        handover=share("handover"),
        torn=share("torn"),
        contended=share("contended"),
        waiters_mean=share("waiting"),
    )


def leading_gil(process: Process) -> Gil:
    """The one that most threads wait for, of those alike the busiest; in a process without any, one that nobody has."""
    return max(process.gils, key=lambda gil: (gil.waiters_mean or 0.0, gil.held or 0.0), default=_NO_GIL)


def waiters_mean(process: Process) -> float:
    """How many threads wait for a GIL, for whichever, on average."""
    return sum(gil.waiters_mean or 0.0 for gil in process.gils)


def gil_name(process: Process, gil: Gil) -> str:
    """``GIL``; of several ``GIL 2``."""
    return "GIL" if len(process.gils) == 1 else f"GIL {gil.id}"
