"""What has been summed up: parts of a snapshot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gilprof.facts.arrays import Ids, Ns
from gilprof.facts.columns import Columns

HANDOVER = -1
"""As the holder of a pair: nobody had the GIL."""
TORN = -2
"""As the holder of a pair: who had it, or what the holder did, could not be told."""


@dataclass(frozen=True, slots=True)
class GilSums:
    """The time of one GIL domain; all in nanoseconds of observed time but the counts."""

    held_ns: float
    held_blocked_ns: float
    handover_ns: float
    """Nobody had it and somebody waited."""
    torn_ns: float
    """Somebody waited, and who had it, or what the holder did, could not be told."""
    contended_ns: float
    """At least one thread waited."""
    waiting_ns: float
    """Thread-nanoseconds of waiting."""
    switches: int
    """From ``switch_number``: exact, between the first and the last pass."""


@dataclass(frozen=True, slots=True)
class ThreadSums(Columns):
    """One row a thread, or for many folded ones; T rows. Rows without time belong to nobody."""

    id: npt.NDArray[np.int64]
    """(T,) the thread's id; of folded ones, the first one's."""
    folded: npt.NDArray[np.int64]
    """(T,) how many ended threads were folded into the row; 0: it is one thread's own."""

    states_ns: Ns
    """(T, 6) by State."""
    origin_ns: Ns
    """(T, 3) by Origin: the parts of waiting."""
    blocked_in_ns: Ns
    """(T, 7) by BlockedIn: the parts of blocked."""
    held_blocked_in_ns: Ns
    """(T, 7) by BlockedIn: the parts of held_blocked."""
    cpu_ns: Ns
    """(T,) the kernel's account over the thread's observed time."""
    queued_ns: Ns
    """(T,) runnable without a CPU, by the kernel's account over the thread's observed time."""
    queued_in_ns: Ns
    """(T, 6) its parts by State: what the thread was in when it stood in the queue."""
    blamed_ns: Ns
    """(T,) others' waiting while this thread had the GIL: thread-nanoseconds."""
    blocking_ns: Ns
    """(T,) time in which it had the GIL and at least one thread waited."""
    python: npt.NDArray[np.bool_]
    """(T,) the interpreter has known it at some look."""
    domain: npt.NDArray[np.int32]
    """(T,) the GIL domain that it belonged to last (``LookVerdicts.with_gil``); ``NONE``: none."""


@dataclass(frozen=True, slots=True)
class NodeSums(Columns):
    """Rows by node: a thread, its stack, and whether a garbage collection ran on top of it. N rows."""

    thread: Ids
    """Row in ThreadSums."""
    stack: Ids
    """Stack id, ``NONE`` (no Python frame) or ``UNREADABLE``."""
    gc: npt.NDArray[np.bool_]
    """True: ``<GC>`` stands on top of the stack."""
    states_ns: Ns
    """(N, 6) by State."""
    blocked_in_ns: Ns
    """(N, 7) by BlockedIn, the parts of blocked."""
    overdue_ns: Ns
    """(N,) held or held_blocked after somebody had asked for the drop."""
    blamed_ns: Ns
    """(N,) others' waiting while this node had the GIL."""
    blocking_ns: Ns
    """(N,) time in which it had the GIL and at least one thread waited."""
    held_queued_ns: Ns
    """(N,) time in which it had the GIL and stood ready without a CPU."""


@dataclass(frozen=True, slots=True)
class PairSums(Columns):
    """Who waited for whom: P rows, each pair once."""

    holder: Ids
    """Node row of the holder, or ``HANDOVER`` or ``TORN``."""
    waiter: Ids
    """Node row of the waiter."""
    origin_ns: Ns
    """(P, 3) by Origin: the waiter's waiting; the row's sum is the pair's seconds."""
    overdue_ns: Ns
    """(P,) of it, while the holder was overdue."""


@dataclass(frozen=True, slots=True)
class SectionSums:
    """The stretches that the program named so."""

    name: str
    count: int
    wall_ns: float
    """Sum of their lengths."""
    states_ns: Ns
    """(6,) by State, each of the thread that the stretch is of."""


@dataclass(frozen=True, slots=True)
class ChildSums:
    """What a process below the target has used; ``id``, ``command`` and the others as in ``model.ChildSeen``."""

    id: int
    pid: int
    parent: int
    command: tuple[str, ...]
    python: bool
    cpu_ns: int
    ended: bool
