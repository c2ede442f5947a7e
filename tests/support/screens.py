"""Made-up profiles as the live view gets them, and a feed that gives nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from gilprof.analysis.episodes.rows import NOT_KNOWN, EpisodeKind, MainHolder
from gilprof.analysis.episodes.values import EpisodeSums, KeptEpisode
from gilprof.model import UNREADABLE, BlockedIn, Health, Origin, State
from gilprof.tui.snapshot import Now, Range, Snapshot, Step
from tests.support.made_up import BOOTSTRAP, STDLIB, MadeUp, Place, Seen

MAIN: Place = ("main", "/srv/app.py", 10, 44)
HANDLE: Place = ("Api.handle", "/srv/api.py", 30, 41)
FEED: Place = ("Parser.feed", "/srv/ingest.py", 80, 88)
LOADS: Place = ("loads", f"{STDLIB}/json/__init__.py", 299, 346)
RENDER: Place = ("render", "/srv/pages.py", 12, 19)
SQUARES: Place = ("sum_of_squares", "/srv/model.py", 5, 7)
DIGEST: Place = ("digest", "/srv/files.py", 20, 24)
WAIT: Place = ("Condition.wait", f"{STDLIB}/threading.py", 288, 320)
GET: Place = ("Cache.get", "/srv/cache.py", 14, 17)
RUN: Place = ("run", "/srv/work.py", 3, 8)
Looks = dict[int, Seen]


@dataclass
class Still:
    """A feed that posts what a test gives it, and remembers what it was asked for."""

    snapshots: tuple[Snapshot, ...]
    asked: list[str] = field(default_factory=list)
    post: Callable[[Snapshot], None] = lambda snapshot: None
    tell: Callable[[str], None] = lambda text: None
    leave: Callable[[], None] = lambda: None

    def start(self, post: Callable[[Snapshot], None], tell: Callable[[str], None], leave: Callable[[], None]) -> None:
        self.post, self.tell, self.leave = post, tell, leave
        for snapshot in self.snapshots:
            post(snapshot)

    def reset(self) -> None:
        self.asked.append("reset")

    def record(self, path: str) -> None:
        self.asked.append("record")

    def next_process(self, by: int) -> None:
        self.asked.append(f"next process {by}")

    def stop(self) -> None:
        self.asked.append("stop")


def snapshot(
    made: MadeUp, whole: MadeUp | None = None, *, over: str | None = None, elapsed_s: float = 42.0
) -> Snapshot:
    """``made`` as the last seconds, and ``whole`` (else the same) as everything."""
    _, looks, _ = made.passes[-1]
    part = range_of(made)
    return Snapshot(
        recent=part,
        whole=part if whole is None else range_of(whole),
        history=_history(made),
        now=Now(
            stacks={number: made.stack(seen.stack) for number, seen in looks.items()},
            states={number: seen.state for number, seen in looks.items()},
        ),
        elapsed_s=elapsed_s,
        over=over,
    )


def range_of(made: MadeUp) -> Range:
    """All of it; without a rate that was missed."""
    made.count = round(sum(ns for ns, _, _ in made.passes) / 1e9 * made.info.asked_hz)
    sums = made.sums()
    return Range(made.info, made.definitions.copy(), Health(passes=made.count), made.ended, sums)


def _history(made: MadeUp) -> tuple[Step, ...]:
    """Forty steps on which the passes take turns."""
    steps = []
    for _, looks, _ in made.passes:
        states = [seen.state for seen in looks.values()]
        steps.append(
            Step(
                float(states.count(State.HELD)),
                float(states.count(State.HELD_BLOCKED)),
                float(states.count(State.WAITING)),
            )
        )
    turn = [sum(getattr(step, name) for step in steps) / len(steps) for name in ("held", "held_blocked", "waiting")]
    wave = (0.5, 0.7, 0.9, 1.0, 1.0, 0.95, 0.8, 0.6)
    return tuple(Step(*(value * wave[i % len(wave)] for value in turn)) for i in range(40))


def c_code_keeps_it() -> MadeUp:
    """``feeder`` is in C code for most of the time, and three others pay."""
    made = MadeUp().threads("MainThread", "feeder", "api_0", "api_1", "old-worker", ended=(4,))
    feeder, api = (*BOOTSTRAP, FEED, LOADS), (*BOOTSTRAP, HANDLE)
    returning, preempted = Origin.RETURNING, Origin.PREEMPTED
    asleep = Seen(State.BLOCKED, (*BOOTSTRAP, HANDLE, WAIT), where=BlockedIn.LOCK)
    made.add(6.1, {
        0: Seen(State.WAITING, (MAIN,), origin=returning),
        1: Seen(State.HELD, feeder, overdue=True, cpu=1.0),
        2: Seen(State.WAITING, api, origin=preempted),
        3: asleep,
    })  # fmt: skip
    made.add(0.9, {0: Seen(State.WAITING, (MAIN,), origin=returning), 1: Seen(State.HELD_BLOCKED, feeder), 2: asleep,
                   3: Seen(State.WAITING, (*BOOTSTRAP, HANDLE, RENDER), origin=preempted)})  # fmt: skip
    made.add(1.2, {0: Seen(State.BLOCKED, (MAIN, WAIT), where=BlockedIn.LOCK), 2: Seen(State.HELD, api, cpu=1.0),
                   1: Seen(State.WAITING, feeder, origin=preempted), 3: asleep})  # fmt: skip
    made.add(0.8, {0: Seen(State.HELD, (MAIN, RENDER), cpu=1.0), 1: Seen(State.RELEASED, feeder, cpu=1.0), 2: asleep,
                   3: asleep, 4: Seen(State.BLOCKED, (*BOOTSTRAP, RUN))})  # fmt: skip
    made.add(1.0, {0: Seen(State.WAITING, (MAIN,), origin=returning),
                   1: Seen(State.HELD, feeder, overdue=True, cpu=1.0), 2: Seen(State.WAITING, api, origin=preempted),
                   3: Seen(State.UNKNOWN, api)})  # fmt: skip
    return made


def convoy() -> MadeUp:
    """``server`` wants it back after every call, and waits a switch interval for ``cruncher`` each time."""
    made = MadeUp().threads("MainThread", "server", "cruncher")
    idle = Seen(State.BLOCKED, (MAIN, WAIT), where=BlockedIn.LOCK)
    crunch = (*BOOTSTRAP, RUN, SQUARES)
    made.add(8.5, {0: idle, 1: Seen(State.WAITING, (*BOOTSTRAP, HANDLE), origin=Origin.RETURNING),
                   2: Seen(State.HELD, crunch, cpu=1.0)})  # fmt: skip
    made.add(1.0, {0: idle, 1: Seen(State.BLOCKED, (*BOOTSTRAP, HANDLE), where=BlockedIn.IO),
                   2: Seen(State.HELD, crunch, cpu=1.0)})  # fmt: skip
    made.add(0.5, {0: idle, 1: Seen(State.HELD, (*BOOTSTRAP, HANDLE), cpu=1.0), 2: Seen(State.WAITING, crunch)})
    return made


def collections() -> MadeUp:
    """Collections that ``builder`` sets off stop the others."""
    made = MadeUp().threads("MainThread", "builder")
    made.add(6.0, {0: Seen(State.WAITING, (MAIN,)), 1: Seen(State.HELD, (*BOOTSTRAP, RUN), gc=True, cpu=1.0)})
    made.add(4.0, {0: Seen(State.HELD, (MAIN,), cpu=1.0), 1: Seen(State.BLOCKED, (*BOOTSTRAP, RUN))})
    return made


def not_the_gil_lock() -> MadeUp:
    """Two workers stand in line at one lock."""
    made = MadeUp().threads("MainThread", "worker-0", "worker-1")
    at_lock = Seen(State.BLOCKED, (*BOOTSTRAP, GET), where=BlockedIn.LOCK)
    idle = Seen(State.BLOCKED, (MAIN,), where=BlockedIn.POLL)
    made.add(8.0, {0: idle, 1: at_lock, 2: at_lock})
    made.add(2.0, {0: idle, 1: Seen(State.HELD, (*BOOTSTRAP, GET), cpu=1.0), 2: at_lock})
    return made


def not_the_gil_no_cpu() -> MadeUp:
    """Four threads hash without the GIL on one CPU."""
    names = tuple(f"hash-{n}" for n in range(4))
    made = MadeUp().threads(*names)
    hashing = {n: Seen(State.RELEASED, (*BOOTSTRAP, DIGEST), cpu=0.25, queued=0.75) for n in range(4)}
    return made.add(10.0, hashing)


def many_threads() -> MadeUp:
    """Fifty workers share the GIL, and five hundred functions."""
    made = MadeUp().threads(*(f"worker-{n:02}" for n in range(50)))
    for turn in range(50):
        looks: Looks = {}
        for n in range(50):
            place = (f"step_{n:02}_{turn % 10}", f"/srv/steps_{n % 7}.py", 10 + turn % 10, 11 + turn % 10)
            state = State.HELD if n == turn else State.WAITING if n % 3 == 0 else State.BLOCKED
            looks[n] = Seen(state, (*BOOTSTRAP, RUN, place), cpu=float(n == turn), where=BlockedIn.LOCK)
        made.add(0.2, looks)
    return made


def one_thread() -> MadeUp:
    """Nobody to wait."""
    made = MadeUp().threads("MainThread")
    return made.add(9.8, {0: Seen(State.HELD, (MAIN, SQUARES), cpu=1.0)}).add(0.2, {0: Seen(State.BLOCKED, (MAIN,))})


LAST_NS = 12_000_000_000
"""The last pass of ``stalled_profile``."""


def stalled_profile() -> MadeUp:
    """``feeder`` kept the GIL for 0.8 s, and somebody waited 0.6 s for it."""
    made = c_code_keeps_it()
    holds = made.frame(FEED)
    victims = ((0, 800_000_000), (2, 700_000_000))
    turn = KeptEpisode(
        EpisodeKind.TURN, 5_000_000_000, 800_000_000, 1_000_000, 1, holds, 255, 700_000_000, 0, None, victims,
        1_500_000_000,
    )  # fmt: skip
    culprit = MainHolder(1, holds, UNREADABLE, 550_000_000, 550_000_000)
    wait = KeptEpisode(
        EpisodeKind.WAIT, 6_000_000_000, 600_000_000, 1_000_000, 0, made.frame(MAIN), Origin.RETURNING, 500_000_000, 0,
        culprit, (), 600_000_000,
    )  # fmt: skip
    made.episodes = replace(EpisodeSums.none(), worst=(wait, turn))
    return made


def stalled() -> Snapshot:
    """And keeps it again, for 1.5 s up to now."""
    made = stalled_profile()
    (turn,) = (each for each in made.episodes.worst if each.kind is EpisodeKind.TURN)
    again = replace(turn, start_ns=LAST_NS - 1_500_000_000, length_ns=1_500_000_000, error_ns=NOT_KNOWN,
                    overdue_ns=1_400_000_000, harm_ns=3_000_000_000)  # fmt: skip
    return replace(snapshot(made), under_way=(again,))


def ended() -> Snapshot:
    """The target was killed on the way."""
    made = c_code_keeps_it()
    made.ended = "signal 9"
    return snapshot(made, over="the process has ended (signal 9)")


CASES: dict[str, Callable[[], Snapshot]] = {
    "convoy": lambda: snapshot(convoy()),
    "c code keeps it": lambda: snapshot(c_code_keeps_it()),
    "gc": lambda: snapshot(collections()),
    "lock": lambda: snapshot(not_the_gil_lock()),
    "no cpu": lambda: snapshot(not_the_gil_no_cpu()),
    "many threads": lambda: snapshot(many_threads()),
    "stall": stalled,
    "one thread": lambda: snapshot(one_thread()),
    "ended": ended,
}
