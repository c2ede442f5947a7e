"""A recording as a source."""

from __future__ import annotations

from gilprof.model import Batch, TargetInfo
from gilprof.recording.reader import Recording


class ReplaySource:
    """Gives a recording's batches one after the other, as fast as they are asked for."""

    def __init__(self, recording: Recording) -> None:
        """Takes the recording over: ``close`` closes it."""
        self._recording = recording
        self._batches = recording.batches()

    @property
    def info(self) -> TargetInfo:
        """The process and how it was observed."""
        return self._recording.info

    def drain(self) -> Batch | None:
        """The next batch, about a second of facts; None at the end. Raises FileError."""
        return next(self._batches, None)

    def close(self) -> None:
        """Close the file."""
        self._recording.close()
