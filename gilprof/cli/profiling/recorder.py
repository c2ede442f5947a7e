"""The recording of a profile: when it fails on the way, the profile goes on."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from gilprof.cli.options import ProfileOptions
from gilprof.cli.output import complain
from gilprof.cli.profiling.flight_recorder import FlightRecorder, WriteRequests
from gilprof.errors import FileError
from gilprof.model import Batch, TargetInfo


def open_recorder(
    path: str | None,
    info: TargetInfo,
    options: ProfileOptions,
    requests: WriteRequests,
    tell: Callable[[str], None] = complain,
) -> Recorder | FlightRecorder:
    """Of everything, or of what ``--keep`` says. Raises FileError."""
    if options.keep is None or path is None:
        return Recorder(path, info, options.force, tell)
    return FlightRecorder(path, info, options.keep, options.force, requests, tell, options.quiet)


class Recorder:
    """Writes batches to a recording, or nowhere."""

    def __init__(self, path: str | None, info: TargetInfo, force: bool, tell: Callable[[str], None] = complain) -> None:
        """``tell`` gets the line about a failure. Raises FileError: nothing was observed yet."""
        from gilprof.recording.writer import RecordingWriter

        self._tell = tell
        self.failed = False
        """The recording is not complete."""
        self._writer = None if path is None else RecordingWriter(path, info, force=force)

    def take(self, batch: Batch) -> None:
        """Record ``batch``; a failure is told once and ends the recording."""
        if self._writer is not None and not self.failed:
            try:
                self._writer.write(batch)
            except FileError as error:
                self._give_up(error)

    def stalled(self) -> None:
        """Everything is recorded anyway."""

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            try:
                self._writer.close()
            except FileError as failure:
                self._give_up(failure)

    def _give_up(self, error: FileError) -> None:
        if not self.failed:
            self._tell(f"{error}; the profile goes on without the recording")
        self.failed = True
