"""Drains a source, sums up, and posts snapshots: on a thread of its own, so that the screen never holds it up."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

import numpy as np

from gilprof.analysis.profile import Profile
from gilprof.analysis.profile_sums import ProfileSums
from gilprof.analysis.session import SessionProfile
from gilprof.analysis.window import Window, gils_between
from gilprof.errors import FileError
from gilprof.model import LOOK_DTYPE, PASS_DTYPE, Batch, State
from gilprof.recording.writer import RecordingWriter
from gilprof.report.dump import LastLooks
from gilprof.sources.base import Source
from gilprof.tui.snapshot import WINDOW_S, Now, Range, Snapshot, Step
from gilprof.tui.terminal import Until

POST_EVERY_S = 0.25
DRAIN_EVERY_S = POST_EVERY_S
"""What has come in is summed up at once: small pieces cost more."""
STEP_S = 0.5
"""A step of the history."""
HISTORY_STEPS = 240
OWN_SHARE = 0.08
"""Snapshots take no more of a CPU than this: of a very large program there are fewer a second."""

Post = Callable[[Snapshot], None]
Tell = Callable[[str], None]
Leave = Callable[[], None]


class Feed(Protocol):
    """Where an app's snapshots come from."""

    def start(self, post: Post, tell: Tell, leave: Leave) -> None:
        """Begin; ``post``, ``tell`` (a line for people) and ``leave`` (the view is to end) are called on a thread of
        the feed's own."""

    def reset(self) -> None:
        """Let the time since the start begin now."""

    def record(self, path: str) -> None:
        """Record into a new file from now on; where a recording is under way, end it."""

    def next_process(self, by: int) -> None:
        """Show the process so many behind the one that is shown."""

    def stop(self) -> None:
        """End; nothing is posted any more once this returns."""


class Worker:
    """The feed of a live profile. The target's end or the time is its end; ``until`` is the view's."""

    def __init__(
        self,
        source: Source,
        session: SessionProfile,
        take: Callable[[Batch], None],
        duration_s: float | None,
        until: Until,
        recording: str | None = None,
    ) -> None:
        """``take`` is given every batch, and gives it to ``session``."""
        self._source = source
        self._session = session
        self._take = take
        self._duration_s = duration_s
        self._until = until
        self._given = recording
        self._watched: dict[int, _Watched] = {}
        """By the process's number."""
        self._shown = 0
        """Which of the processes, in their order, is shown."""
        self._turned = False
        """It is another one than the last snapshot's."""
        self._asked: deque[Callable[[], None]] = deque()
        self._quit = threading.Event()
        self._writer: RecordingWriter | None = None
        self._recording: str | None = None
        self._began = 0.0
        self._thread = ThreadPoolExecutor(1, "gilprof worker")
        self._work: Future[None] | None = None

    def start(self, post: Post, tell: Tell, leave: Leave) -> None:
        """Begin to drain."""
        self._post, self._tell, self._leave = post, tell, leave
        self._began = time.monotonic()
        self._work = self._thread.submit(self._run)

    def reset(self) -> None:
        """Let the time since the start begin now."""
        self._asked.append(self._reset)

    def record(self, path: str) -> None:
        """Begin a recording, or end the one that was begun so."""
        self._asked.append(lambda: self._toggle(path))

    def next_process(self, by: int) -> None:
        """Show the process so many behind the one that is shown."""
        self._asked.append(lambda: self._turn_to(by))

    def stop(self) -> None:
        """End the thread; what it has drained is in the profile."""
        self._quit.set()
        self._thread.shutdown()
        for watched in self._watched.values():
            watched.profile.on_fold = None

    def check(self) -> None:
        """Raise what has ended it before its time, whatever that is. Once it is stopped."""
        if self._work is not None:
            self._work.result()

    def _run(self) -> None:
        try:
            self._observe()
        finally:
            self._end_recording()
            if not self._quit.is_set():
                self._leave()

    def _observe(self) -> None:
        next_post = time.monotonic() + POST_EVERY_S
        over: str | None = None
        while over is None and not self._quit.is_set() and not self._until.must_exit:
            over = self._drain()
            while self._asked:
                self._asked.popleft()()
            now = time.monotonic()
            if over is not None or now >= next_post or self._turned:
                began_cpu_s = time.thread_time()
                self._turned = False
                self._post(self._snapshot(over))
                next_post = now + max(POST_EVERY_S, (time.thread_time() - began_cpu_s) / OWN_SHARE)
            self._until.linger(min(DRAIN_EVERY_S, max(next_post - time.monotonic(), 0.01)))
        if self._session.over:
            self._end_recording()
            while not self._quit.is_set() and not self._until.must_exit:
                while self._asked:
                    self._asked.popleft()()
                if self._turned:
                    self._turned = False
                    self._post(self._snapshot(over))
                self._until.linger(DRAIN_EVERY_S)

    def _drain(self) -> str | None:
        """Take in what has come; why nothing more will."""
        batch = self._source.drain()
        if batch is not None:
            self._take(batch)
            self._watched_of(batch.process).last.add(batch)
            if self._writer is not None:
                self._write(self._writer, batch)
        if batch is None or self._session.over:
            self._session.finish()
            if len(self._session.processes) > 1:
                return "all processes have ended"
            return f"the process has ended ({self._session.first.ended or 'gone'})"
        if self._duration_s is not None and time.monotonic() >= self._began + self._duration_s:
            return "the time is up"
        return None

    def _snapshot(self, over: str | None) -> Snapshot:
        """Of the process that is shown; the others' sums are noted all the same."""
        for number in self._session.processes:
            watched = self._watched_of(number)
            watched.note()
        shown = list(self._session.processes)[self._shown]
        made = self._watched[shown].snapshot(over, time.monotonic() - self._began, self._recording or self._given)
        made = replace(made, place=(self._shown + 1, len(self._session.processes)))
        # The screen's first two lines need it: made here, they do not keep the keys waiting.
        _ = made.recent.process
        return made

    def _watched_of(self, number: int) -> _Watched:
        if number not in self._watched:
            self._watched[number] = _Watched(self._session.processes[number])
        return self._watched[number]

    def _turn_to(self, by: int) -> None:
        self._shown = (self._shown + by) % len(self._session.processes)
        self._turned = True

    def _reset(self) -> None:
        for watched in self._watched.values():
            watched.reset()

    def _toggle(self, path: str) -> None:
        if self._writer is not None:
            self._end_recording()
            return
        try:
            self._writer = RecordingWriter(path, self._session.first.info, force=False)
        except FileError as error:
            self._tell(str(error))
            return
        self._recording = path
        self._tell(f"recording into {path}")
        for number, profile in self._session.processes.items():
            if self._writer is not None:
                self._write(self._writer, everything_defined(profile, number))

    def _write(self, writer: RecordingWriter, batch: Batch) -> None:
        try:
            writer.write(batch)
        except FileError as error:
            self._writer = self._recording = None
            self._tell(f"{error}; the profile goes on without the recording")

    def _end_recording(self) -> None:
        writer, path = self._writer, self._recording
        self._writer = self._recording = None
        if writer is None:
            return
        try:
            writer.close()
        except FileError as error:
            self._tell(str(error))
            return
        self._tell(f"recorded into {path}")


class _Watched:
    """What the live view keeps of one process."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.last = LastLooks()
        self._window = Window(WINDOW_S)
        profile.on_fold = self._window.fold
        self._history = History()
        self._sums = profile.sums()
        self._stopped = False
        """It has stood still since the sums were noted before."""
        self._was_reset = False

    def note(self) -> None:
        """Take in the sums as they are now."""
        before_ns, self._sums = self._sums.stopped_ns, self.profile.sums()
        self._stopped = self._sums.stopped_ns > before_ns
        self._window.note(self._sums, self.profile.health)
        self._history.note(self._sums)

    def snapshot(self, over: str | None, elapsed_s: float, recording: str | None) -> Snapshot:
        """Of what was noted last."""
        profile, sums = self.profile, self._sums
        health, definitions = profile.health, profile.definitions.copy()
        recent, whole = self._window.recent(sums, health), self._window.whole(sums, health)
        whole_sums = replace(whole[0], episodes=profile.episodes_anew()) if self._was_reset else whole[0]
        return Snapshot(
            recent=Range(profile.info, definitions, recent[1], profile.ended, recent[0]),
            whole=Range(profile.info, definitions, whole[1], profile.ended, whole_sums),
            history=self._history.steps(),
            now=Now(dict(self.last.stacks), self._history.states()),
            under_way=() if over is not None or profile.ended is not None else profile.under_way(),
            elapsed_s=elapsed_s,
            stopped=self._stopped,
            recording=recording,
            over=over,
        )

    def reset(self) -> None:
        """Let the time since the start begin now."""
        self._window.reset(self.profile.sums(), self.profile.health)
        self.profile.count_episodes_anew()
        self._was_reset = True


class History:
    """Steps of a profile's time, and what each thread did in the last of them."""

    def __init__(self) -> None:
        self._steps: deque[Step] = deque(maxlen=HISTORY_STEPS)
        self._before: ProfileSums | None = None
        self._states: dict[int, State] = {}

    def note(self, sums: ProfileSums) -> None:
        """Take in the sums as they are now."""
        before = self._before
        if before is None:
            self._before = sums
            return
        observed_ns = sums.observed_ns - before.observed_ns
        if sums.last_t_ns - before.last_t_ns < STEP_S * 1e9 or observed_ns <= 0:
            return
        gils = list(gils_between(sums.gils, before.gils).values())
        busiest = max(gils, key=lambda gil: gil.held_ns + gil.held_blocked_ns, default=None)
        held_ns, stuck_ns = (busiest.held_ns, busiest.held_blocked_ns) if busiest is not None else (0.0, 0.0)
        waiting_ns = sum(gil.waiting_ns for gil in gils)
        self._steps.append(Step(held_ns / observed_ns, stuck_ns / observed_ns, waiting_ns / observed_ns))
        self._states = _mostly(before, sums)
        self._before = sums

    def steps(self) -> tuple[Step, ...]:
        """Newest last."""
        return tuple(self._steps)

    def states(self) -> dict[int, State]:
        """By thread id."""
        return dict(self._states)


def _mostly(before: ProfileSums, sums: ProfileSums) -> dict[int, State]:
    """The state that each thread was in for the most time between the two, by its id."""
    grown = sums.threads.states_ns.copy()
    same = sums.threads.id[: len(before.threads.id)] == before.threads.id
    rows = np.flatnonzero(same)
    grown[rows] -= before.threads.states_ns[rows]
    seen = np.flatnonzero(grown.max(axis=1, initial=0.0) > 0)
    states = grown[seen].argmax(axis=1).tolist()
    return {number: State(state) for number, state in zip(sums.threads.id[seen].tolist(), states, strict=True)}


def everything_defined(profile: Profile, process: int) -> Batch:
    """A batch without passes that defines all that later batches of the process refer to: a recording may begin with
    it."""
    definitions = profile.definitions
    return Batch(
        passes=np.empty(0, PASS_DTYPE),
        looks=np.empty(0, LOOK_DTYPE),
        functions=tuple(definitions.functions),
        frames=definitions.frames,
        stacks=definitions.stacks,
        threads=tuple(definitions.threads.values()),
        health=profile.health,
        children=profile.children.newest(),
        domains=tuple(definitions.domains.values()),
        process=process,
        target=profile.info,
    )
