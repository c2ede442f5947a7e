"""A profile under way: a thread takes the facts from the source into a recording, from which all else is read."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

from gilprof.api.recorded import Recorded
from gilprof.errors import FileError, GilprofError
from gilprof.model import Batch
from gilprof.recording.new_file import new_file
from gilprof.recording.writer import RecordingWriter
from gilprof.report.model import Report
from gilprof.sources.base import Source
from gilprof.sources.own import OwnThread

DRAIN_EVERY_S = 0.2


def _nothing() -> None:
    """There is no temporary file to close."""


class Session:
    """A profile that has begun, and goes on until ``stop`` or the end of a ``with`` block."""

    def __init__(self, open_source: Callable[[], Source], output: str | Path | None, force: bool) -> None:
        """``output``: where to record, else a temporary file.

        Raises FileError, and what ``open_source`` raises, which is called in a thread of gilprof's own: a look at the
        calling thread finds it at rest.
        """
        self.status: int | None = None
        """Of a program that was started for the profile, once it has ended: as a shell has it, 128 + N for signal N."""
        self._pid = os.getpid()
        self._close_temporary: Callable[[], object] = _nothing
        if output is None:
            temporary = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the session is
            self._close_temporary = weakref.finalize(self, temporary.close)
            output, force = f"/proc/self/fd/{temporary.fileno()}", True
        self._path = Path(output)
        self._stopping: SimpleQueue[None] = SimpleQueue()
        """Has something in it once the profile is to end; reentrant, so that a signal's handler may call ``stop``."""
        self._over = False
        self._recorded: Recorded | None = None
        self._begun: Future[None] = Future()
        self._thread = OwnThread(target=self._profile, args=(open_source, force), name="gilprof", daemon=True)
        self._thread.start()
        with ExitStack() as on_failure:
            on_failure.callback(self._close_temporary)
            self._begun.result()
            on_failure.pop_all()

    @property
    def report(self) -> Report:
        """What was seen, as ``report --json`` has it; while the profile goes on, up to about a second ago."""
        return self.recorded.report

    @property
    def text(self) -> str:
        """The report for people."""
        return self.recorded.text

    @property
    def recorded(self) -> Recorded:
        """The facts, as ``gilprof.load`` gives them."""
        if self._recorded is not None:
            return self._recorded
        recorded = Recorded(self._path)
        if self._over:
            self._recorded = recorded
        return recorded

    def save(self, path: str | Path, force: bool = False) -> None:
        """Copy the recording to ``path``; an existing file only with ``force``. Raises FileError."""
        try:
            with self._path.open("rb") as source, new_file(path, replace=force) as copy:
                shutil.copyfileobj(source, copy)
        except FileExistsError as error:
            raise FileError(f"writing {path}", "it exists", "give another name, or force=True to replace it") from error
        except OSError as error:
            raise FileError(f"writing {path}", error.strerror or str(error), "give another name") from error

    def wait(self, seconds: float | None = None) -> None:
        """Until so many seconds are over, or the process has ended."""
        self._thread.join(seconds)

    def stop(self) -> None:
        """End the profile; nothing that was seen is lost. In a forked copy of the process there is none to end."""
        if self._over or self._pid != os.getpid():
            return
        self._stopping.put(None)
        self._thread.join()
        self._over = True

    def close(self) -> None:
        """End the profile, and give a temporary recording's descriptor back; what has been read of it is still there.
        A session that nobody refers to any more is closed by itself."""
        self.stop()
        self._close_temporary()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _completed(self, batch: Batch) -> Batch:
        """``batch`` with what the source does not know."""
        return batch

    def _profile(self, open_source: Callable[[], Source], force: bool) -> None:
        """All that gilprof's own thread does."""
        try:
            source = open_source()
            with closing(source), RecordingWriter(self._path, source.info, force=force) as writer:
                self._begun.set_result(None)
                self._drain_all(source, writer)
        except (GilprofError, OSError, RuntimeError) as error:  # RuntimeError: what C++ throws
            if self._begun.done():
                warnings.warn(f"gilprof: {error}", RuntimeWarning, stacklevel=1)
            else:
                self._begun.set_exception(error)
        finally:
            self._begun.cancel()  # where that was something else: nobody waits for ever

    def _drain_all(self, source: Source, writer: RecordingWriter) -> None:
        # One wait a drain: in the own process each costs one for the GIL.
        while self._stopping.empty() and self._drain(source, writer):
            with suppress(Empty):
                self._stopping.get(timeout=DRAIN_EVERY_S)
                break
        source.close()
        while self._drain(source, writer):
            pass

    def _drain(self, source: Source, writer: RecordingWriter) -> bool:
        """Whether something may follow."""
        batch = source.drain()
        if batch is None:
            return False
        writer.write(self._completed(batch))
        return batch.ended is None
