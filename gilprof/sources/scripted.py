"""Python values as a source: for tests and for the demo."""

from __future__ import annotations

from collections.abc import Iterable

from gilprof.model import Batch, TargetInfo


class ScriptedSource:
    """Gives ``batches`` one by one; they are taken from the iterable only as they are asked for."""

    def __init__(self, info: TargetInfo, batches: Iterable[Batch]) -> None:
        self.info = info
        self._batches = iter(batches)
        self._closed = False

    def drain(self) -> Batch | None:
        """The next batch; None after the last one, or once closed."""
        return None if self._closed else next(self._batches, None)

    def close(self) -> None:
        """Give no more batches; can be called twice."""
        self._closed = True
