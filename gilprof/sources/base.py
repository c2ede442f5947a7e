"""What a source of facts is, whether live, replayed or scripted."""

from __future__ import annotations

from typing import Protocol

from gilprof.model import Batch, TargetInfo


class Source(Protocol):
    """Facts about one process, batch by batch in the order of time."""

    @property
    def info(self) -> TargetInfo:
        """The process and how it is observed."""

    def drain(self) -> Batch | None:
        """What has come since the last call; None when there is nothing more and never will be.

        A live source answers at once, maybe with an empty batch; a replayed one with its next chunk.
        """

    def close(self) -> None:
        """End the observation and give everything back; can be called twice."""
