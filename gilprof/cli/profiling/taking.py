"""A profile while it is taken: what every batch goes through."""

from __future__ import annotations

from gilprof.analysis.profile import Profile
from gilprof.analysis.profile import Watcher as VerdictWatcher
from gilprof.cli.options import ProfileOptions, nanoseconds
from gilprof.cli.profiling.flight_recorder import FlightRecorder
from gilprof.cli.profiling.gathering import Gathering
from gilprof.cli.profiling.messages import Messages
from gilprof.cli.profiling.observe import analyse_every_s
from gilprof.cli.profiling.recorder import Recorder
from gilprof.cli.profiling.stalls import StallReporter
from gilprof.model import Batch, TargetInfo


class ProfileTaking:
    """Records each batch, analyses it (several at once where nobody looks), and reports stalls."""

    def __init__(
        self,
        info: TargetInfo,
        options: ProfileOptions,
        recorder: Recorder | FlightRecorder,
        messages: Messages,
        watcher: VerdictWatcher | None,
        live: bool,
    ) -> None:
        """``watcher``: what else takes the verdicts. ``live``: somebody looks while it is taken."""
        self.profile = Profile(info, watcher, nanoseconds(options.stall), options.span)
        self._recorder = recorder
        self._analysed = Gathering(self.profile.add, analyse_every_s(options, live))
        self._stalls = StallReporter(options, self.profile, messages, recorder.stalled)

    def take(self, batch: Batch) -> None:
        """The next batch."""
        self._recorder.take(batch)
        self._analysed.take(batch)
        self._stalls.look()

    def rest(self) -> None:
        """Analyse what has been taken."""
        self._analysed.rest()

    def finish(self) -> None:
        """Nothing follows."""
        self.rest()
        self.profile.finish()
        self._stalls.end()
