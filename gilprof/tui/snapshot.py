"""What a screen shows: immutable values, made from a profile's sums at one instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from gilprof.analysis.episodes import KeptEpisode
from gilprof.analysis.profile_sums import ProfileSums
from gilprof.facts.definitions import Definitions
from gilprof.model import Health, State, TargetInfo
from gilprof.report.build import build_process
from gilprof.report.functions import FunctionTable, NodePlaces, place
from gilprof.report.model import Process
from gilprof.report.names import thread_name
from gilprof.report.stacks import Forest

BLAME_ROWS = 20
"""No screen shows them: who waits for whom has a table of its own."""
WINDOW_S = 10.0
"""How long the last seconds are."""


class Range:
    """A part of a profile's time, as a report takes it (``gilprof.report.build.Profiled``).

    Whatever is made from it is made when it is first asked for, and once.
    """

    def __init__(
        self, info: TargetInfo, definitions: Definitions, health: Health, ended: str | None, sums: ProfileSums
    ) -> None:
        """``definitions``: a copy that nobody changes."""
        self.info = info
        self.definitions = definitions
        self.health = health
        self.ended = ended
        self._sums = sums

    def sums(self) -> ProfileSums:
        """Of this part of the time."""
        return self._sums

    @cached_property
    def process(self) -> Process:
        """The process in a report on this part of the time, its blame tables without most rows."""
        return build_process(self, largest=BLAME_ROWS)

    @cached_property
    def functions(self) -> FunctionTable:
        """Rows of functions; a row's number is the report's id."""
        return FunctionTable(self.definitions, self.info.stdlib)

    def thread_name(self, row: int) -> str:
        """Of a row of the sums' threads, as tables show it."""
        number = int(self._sums.threads.id[row])
        seen = self.definitions.threads.get(number)
        return thread_name(seen.name) if seen is not None else f"thread {number}"

    def function_key(self, row: int) -> str:
        """What the function of this row is known by from snapshot to snapshot."""
        name, file, line = self.functions.keys[row]
        return f"{name}\0{file}\0{line}"

    @cached_property
    def forest(self) -> Forest:
        """The stacks."""
        return Forest(self.definitions, self.functions.row_of, self.functions.unreadable)

    @cached_property
    def places(self) -> NodePlaces:
        """Where each node stands."""
        return place(self._sums.nodes, self.functions, self.forest)


@dataclass(frozen=True, slots=True)
class Step:
    """A short stretch of time: shares of it, and a mean number of threads."""

    held: float
    """Of the busiest GIL."""
    held_blocked: float
    waiting: float


@dataclass(frozen=True, slots=True)
class Now:
    """The newest pass, and the last moments before it."""

    stacks: Mapping[int, int]
    """Stack id by the id of each living thread."""
    states: Mapping[int, State]
    """The state that each thread was in for the most of the last moments, by its id."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that is known at one instant."""

    recent: Range
    """The last seconds."""
    whole: Range
    """Since the start, or the last reset."""
    history: tuple[Step, ...]
    """Newest last."""
    now: Now
    elapsed_s: float
    """Since the profile began."""
    under_way: tuple[KeptEpisode, ...] = ()
    """Waits and turns that have not ended, worst first within each kind; their threads are rows of ``whole``."""
    stopped: bool = False
    """The target stands still (SIGSTOP, a frozen cgroup): there is nothing to see."""
    recording: str | None = None
    """The file that is being recorded into."""
    place: tuple[int, int] = (1, 1)
    """Which of how many processes it is."""
    over: str | None = None
    """Why there will be no more: the target ended, the time is up; None while the profile goes on."""
