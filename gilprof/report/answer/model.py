"""The answer as a value: what sentences, screens, exports and JSON are worded from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What costs the threads their time, in the order that decides where two cost alike."""

    LOOP = "loop"
    """An event loop stands still: its thread is in callbacks, or waits for the GIL."""
    GIL = "gil"
    """Threads wait for the GIL."""
    CPUS = "cpus"
    """Threads stand ready without a CPU."""
    RELEASED = "released"
    """Threads run without the GIL."""
    LOCK = "lock"
    """Threads are blocked on the lock of one line."""
    ONE_THREAD = "one_thread"
    """One thread has the GIL nearly all of its time."""
    TURNS = "turns"
    """The GIL is busy, and threads take turns without getting in each other's way."""
    BLOCKED = "blocked"
    """Threads are blocked on something else."""
    QUIET = "quiet"
    """Nothing of all this."""
    NO_THREADS = "no_threads"
    """No thread that Python knows was seen."""
    NOT_OBSERVED = "not_observed"


class Keeps(StrEnum):
    """How a culprit keeps the GIL from others."""

    COLLECTING = "garbage_collection"
    BLOCKED = "blocked"
    NO_CPU = "no_cpu"
    C_CODE = "c_code"
    PYTHON = "python_or_short_calls"
    EVENLY = "python_or_short_calls_evenly"
    """Several threads share it evenly."""


class Confidence(StrEnum):
    """How far the first reason can be relied on."""

    HIGH = "high"
    FAIR = "fair"
    """Another reason costs nearly as much."""
    LOW = "low"
    """What was seen is doubtful: ``Answer.doubts``."""


class Doubt(StrEnum):
    """Why what was seen is doubtful."""

    FEW_PASSES = "few_passes"
    TORN = "torn"
    """It was often not known who had the GIL."""
    UNCLAIMED = "unclaimed_threads"
    """Python threads were taken for native ones."""
    KERNEL_DISAGREES = "kernel_disagrees"
    """The states and the kernel's account of CPU and run queue differ."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where most of some time fell: a function at its hottest line, or the functions of one package or file."""

    function: int | None
    """Its id; of a function that lambdas, generator expressions and comprehensions were added to, that of the function
    they stand in. None: many."""
    name: str
    """Of many, the first one's."""
    file: str | None
    line: int | None
    package: str | None
    """Of code that is not the user's: the installed package's name, or ``python``."""
    many_of: str | None
    """The package or file whose many functions are added up; None: it is one function."""
    seconds: float
    threads: tuple[str, ...]
    """Names of those that matter, the most first."""
    top_thread: float
    """The first one's share of the seconds."""
    threads_s: float
    """How long these threads lived, together."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that costs the threads their time."""

    kind: Kind
    threads_mean: float
    """What it costs: threads that it keeps, or that it keeps busy, on average."""
    shares: Mapping[str, float]
    """Its figures by name (docs/report-json.md)."""
    culprit: Spot | None = None
    keeps: Keeps | None = None
    """How the culprit keeps the GIL; of a loop, what the culprit does in its callbacks."""
    waits_for: Spot | None = None
    """Of a loop: for whom it waits the most."""
    blocked_in: tuple[str, ...] = ()
    """What threads are blocked in, the most first."""
    threads: tuple[str, ...] = ()
    """Names of the threads that it is about, where there is no culprit."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Is it the GIL, and whose."""

    kind: Kind
    """Of the first reason."""
    reasons: tuple[Reason, ...]
    """What costs the threads most, first; then what speaks against it, as it costs nearly as much."""
    confidence: Confidence
    doubts: tuple[Doubt, ...]
    contended: float | None
    """Share of the time in which at least one thread waited for the GIL."""
    busy: float | None
    """Share of the time in which some thread had it."""
    collecting: float
    """Of the waiting, if the GIL is the first reason, else of the time: garbage collection had the GIL."""
    unclaimed: int
    torn: float | None
    disagreement: float | None
    """Share of the threads' running time by which their states differ from the kernel's account; None: not known."""
    gil: int | None = None
    """Which GIL the figures are of, where there are several; None: there is one."""

    @property
    def first(self) -> Reason:
        """What costs the threads most."""
        return self.reasons[0]

    def reason(self, kind: Kind) -> Reason | None:
        """The reason of this kind, if it is one."""
        return next((reason for reason in self.reasons if reason.kind is kind), None)


NOTHING_SAID = Answer(
    Kind.NOT_OBSERVED, (Reason(Kind.NOT_OBSERVED, 0.0, {}),), Confidence.LOW, (), None, None, 0.0, 0, None, None
)
"""Of a process that nobody has answered for yet."""
