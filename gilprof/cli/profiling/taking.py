"""A profile while it is taken: what every batch goes through."""

from __future__ import annotations

from gilprof.analysis.profile import Profile
from gilprof.analysis.session import SessionProfile
from gilprof.cli.options import ProfileOptions, nanoseconds
from gilprof.cli.profiling.flight_recorder import FlightRecorder
from gilprof.cli.profiling.gathering import Gathering
from gilprof.cli.profiling.messages import Messages
from gilprof.cli.profiling.observe import analyse_every_s
from gilprof.cli.profiling.recorder import Recorder
from gilprof.cli.profiling.stalls import StallReporter
from gilprof.exporters.timeline import Timeline
from gilprof.model import Batch, TargetInfo


class ProfileTaking:
    """Records each batch, analyses it (several at once where nobody looks), and reports stalls."""

    def __init__(
        self,
        info: TargetInfo,
        options: ProfileOptions,
        recorder: Recorder | FlightRecorder,
        messages: Messages,
        in_order: bool,
        live: bool,
    ) -> None:
        """``in_order``: what happened when is wanted as well. ``live``: somebody looks while it is taken."""
        self._options = options
        self._recorder = recorder
        self._messages = messages
        self._in_order = in_order
        self.timelines: list[Timeline] = []
        """One for each process, in the order of ``session.processes``; none unless they are wanted."""
        self._stalls: list[StallReporter] = []
        self.session = SessionProfile(info, self._profile_of)
        self._analysed = Gathering(self.session.add, analyse_every_s(options, live))

    def take(self, batch: Batch) -> None:
        """The next batch."""
        self._recorder.take(batch)
        self._analysed.take(batch)
        for stalls in self._stalls:
            stalls.look()

    def rest(self) -> None:
        """Analyse what has been taken."""
        self._analysed.rest()

    def finish(self) -> None:
        """Nothing follows."""
        self.rest()
        self.session.finish()
        for stalls in self._stalls:
            stalls.end()

    def _profile_of(self, info: TargetInfo) -> Profile:
        timeline = Timeline() if self._in_order else None
        self.timelines += [] if timeline is None else [timeline]
        profile = Profile(info, timeline, nanoseconds(self._options.stall), self._options.span)
        self._stalls.append(StallReporter(self._options, profile, self._messages, self._recorder.stalled))
        return profile
