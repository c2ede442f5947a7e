"""What classify gives back: the state of every look, and the time that it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gilprof.facts.columns import Columns
from gilprof.facts.passes import domains_of
from gilprof.model import NONE, State

NOT_APPLICABLE = 255
"""In ``blocked_in`` and ``origin``: the look's state has none."""


@dataclass(frozen=True, slots=True)
class PassVerdicts(Columns):
    """Columns, one row a pass and GIL domain, in the order of ``PASS_DTYPE``."""

    t_ns: npt.NDArray[np.int64]
    domain: npt.NDArray[np.int32]
    """A ``GilDomain``'s id; ``NONE``: the looks are of threads without any GIL."""
    begins: npt.NDArray[np.bool_]
    """The row is the first of its pass: what is the process's, and no domain's, is counted with it."""
    span_ns: npt.NDArray[np.int64]
    """From then to the pass's last reading: its looks lie in between."""
    weight_ns: npt.NDArray[np.float64]
    """The time that the pass stands for: the gap before it; of a late pass one mean gap, of a stopped target 0. Each
    row of a pass has it."""
    unobserved_ns: npt.NDArray[np.float64]
    """The rest of the gap."""
    stopped_ns: npt.NDArray[np.float64]
    """Of the unobserved, with the target stopped."""
    mean_gap_ns: npt.NDArray[np.float64]
    """The mean gap that was aimed at before it."""
    spared: npt.NDArray[np.float64]
    """Passes fewer in the gap before it than at the rate asked for, as the rate followed what was free."""
    holder: npt.NDArray[np.int64]
    """Row of the holder's look in LookVerdicts; ``NONE``: the GIL was free; ``UNREADABLE``: locked, the
    holder's look or its state could not be told."""
    switch_number: npt.NDArray[np.uint64]
    torn: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LookVerdicts(Columns):
    """Columns, one row a look, in the order of passes."""

    pass_row: npt.NDArray[np.int64]
    thread: npt.NDArray[np.int32]
    stack: npt.NDArray[np.int32]
    python: npt.NDArray[np.bool_]
    gc: npt.NDArray[np.bool_]
    """A collection that this thread set off runs on top of the stack."""
    state: npt.NDArray[np.uint8]
    sure: npt.NDArray[np.bool_]
    """The look's own facts decide the state. Else it was runnable without the GIL, and what it did before and after
    decides."""
    blocked_in: npt.NDArray[np.uint8]
    """BlockedIn of blocked and held_blocked looks, else ``NOT_APPLICABLE``."""
    origin: npt.NDArray[np.uint8]
    """Origin of waiting looks, else ``NOT_APPLICABLE``."""
    last_holder: npt.NDArray[np.bool_]
    """The GIL is free, and nobody has had it since this thread."""
    overdue: npt.NDArray[np.bool_]
    """Held or held_blocked although somebody had asked for the drop, unless for want of a CPU."""
    cpu_ns: npt.NDArray[np.float64]
    """The thread's CPU time in the pass's weight, by the kernel's account."""
    queued_ns: npt.NDArray[np.float64]
    """The thread's time runnable without a CPU in the pass's weight, by the kernel's account."""

    @property
    def with_gil(self) -> npt.NDArray[np.bool_]:
        """(L,) the thread belongs to a GIL domain: the interpreter knows it, or it had or wanted the GIL."""
        state = self.state
        needs_gil = (state == State.HELD) | (state == State.HELD_BLOCKED) | (state == State.WAITING)
        out: npt.NDArray[np.bool_] = self.python | needs_gil
        return out


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Whole passes, decided."""

    passes: PassVerdicts
    looks: LookVerdicts

    def by_domain(self) -> dict[int, Verdicts]:
        """Those of each GIL domain, by its id; threads without a GIL are in none."""
        domain = self.passes.domain
        numbers = domains_of(domain)
        if len(numbers) == 1 and numbers[0] != NONE:
            return {numbers[0]: self}
        return {number: self._part(domain == number) for number in numbers if number != NONE}

    def _part(self, kept: npt.NDArray[np.bool_]) -> Verdicts:
        """These rows of passes, with their looks."""
        looks_kept = kept[self.looks.pass_row]
        row_of, look_of = np.cumsum(kept) - 1, np.cumsum(looks_kept) - 1
        passes, looks = self.passes.part(kept), self.looks.part(looks_kept)
        held = passes.holder >= 0
        holder = passes.holder.copy()
        holder[held] = look_of[holder[held]]
        return Verdicts(replace(passes, holder=holder), replace(looks, pass_row=row_of[looks.pass_row]))

    @classmethod
    def joined(cls, parts: Sequence[Verdicts]) -> Verdicts:
        """All passes of all parts, in order."""
        if len(parts) == 1:
            return parts[0]
        passes, looks = [], []
        passes_before = looks_before = 0
        for part in parts:
            holder = part.passes.holder
            passes.append(replace(part.passes, holder=np.where(holder < 0, holder, holder + looks_before)))
            looks.append(replace(part.looks, pass_row=part.looks.pass_row + passes_before))
            passes_before += len(part.passes.t_ns)
            looks_before += len(part.looks.thread)
        return cls(PassVerdicts.joined(passes), LookVerdicts.joined(looks))
