"""The last seconds of a profile, in memory, as a recording that can be written at any moment."""

from __future__ import annotations

from collections.abc import Iterator

from gilprof.model import Batch, TargetInfo
from gilprof.recording.format import Kind, chunk
from gilprof.recording.kept_process import KeptProcess
from gilprof.recording.texts import encode_header, encode_process


class KeptRecording:
    """What is kept of each process."""

    def __init__(self, info: TargetInfo, keep_s: float) -> None:
        self._keep_s = keep_s
        self._targets = {0: info}
        self._processes = {0: KeptProcess(keep_s)}

    def add(self, batch: Batch) -> None:
        """Take the next batch; what has become too old is forgotten."""
        if batch.target is not None and batch.process not in self._processes:
            self._targets[batch.process] = batch.target
            self._processes[batch.process] = KeptProcess(self._keep_s)
        self._processes[batch.process].add(batch)

    @property
    def last_t_ns(self) -> int | None:
        """CLOCK_MONOTONIC of the last pass; None without any."""
        known = [process.last_t_ns for process in self._processes.values() if process.last_t_ns is not None]
        return max(known, default=None)

    def chunks(self) -> Iterator[bytes]:
        """A whole recording of what is kept."""
        yield chunk(Kind.HEADER, encode_header(self._targets[0]))
        for number, process in self._processes.items():
            if number != 0:
                yield chunk(Kind.PROCESS, encode_process(number, self._targets[number]))
            yield from process.chunks()
