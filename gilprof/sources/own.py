"""The own process as a source, without gilprof's own threads."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace

import numpy as np

from gilprof.model import UNREADABLE, Batch, TargetInfo
from gilprof.sources.live import LiveSource
from gilprof.target.names import Named


class OwnThread(threading.Thread):
    """A thread of gilprof's in a process that it profiles, beside the sampler's.

    It takes no signal, nor do the threads that a library starts in it: who waits for signals with ``sigwait`` in a
    program that has blocked them everywhere goes on to get them.
    """

    sampler_tid = 0
    """The sampler's thread of the source that this thread has opened; ``threading`` does not know it."""

    def run(self) -> None:
        """Without signals."""
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        super().run()


class OwnSource:
    """Reads its own memory from the sampler's native thread, for which the kernel asks no permission.

    Where one of gilprof's own threads has the GIL, the holder is one that cannot be told.
    """

    def __init__(self, rate_hz: float) -> None:
        """To be called from an OwnThread. Raises NotReadable for a Python that gilprof does not know."""
        self._live = LiveSource.attach(os.getpid(), rate_hz, _names, own=True)
        self._left_out: set[int] = set()
        thread = threading.current_thread()
        if isinstance(thread, OwnThread):
            thread.sampler_tid = self._live.sampler_tid

    @property
    def info(self) -> TargetInfo:
        """The own process."""
        return self._live.info

    def drain(self) -> Batch | None:
        """As ``LiveSource.drain``."""
        batch = self._live.drain()
        return None if batch is None else self._without_own(batch)

    def close(self) -> None:
        """As ``LiveSource.close``."""
        self._live.close()

    def _without_own(self, batch: Batch) -> Batch:
        tids = _own_tids()
        self._left_out |= {thread.id for thread in batch.threads if thread.tid in tids}
        return without_threads(batch, self._left_out, self.info.gil_cond)


def _own_tids() -> set[int]:
    """Of all profiles of this process."""
    own = [thread for thread in threading.enumerate() if isinstance(thread, OwnThread)]
    return {tid for thread in own for tid in (thread.native_id, thread.sampler_tid) if tid}


def _names() -> dict[int, Named]:
    return {
        thread.ident: Named(thread.name, thread.native_id)
        for thread in threading.enumerate()
        if thread.ident is not None and thread.native_id is not None
    }


def without_threads(batch: Batch, ids: set[int], gil_cond: tuple[int, int]) -> Batch:
    """``batch`` as if the threads of these ids were not there, but for the GIL that they may have.

    ``gil_cond``: as in TargetInfo.
    """
    passes, looks = batch.passes, batch.looks
    if ids:
        numbers = list(ids)
        row = np.repeat(np.arange(len(passes)), passes["look_count"])
        out = np.isin(looks["thread"], numbers)
        waits = out & (looks["gil_word"] >= gil_cond[0]) & (looks["gil_word"] < gil_cond[1])
        passes = passes.copy()
        passes["look_count"] -= np.bincount(row[out], minlength=len(passes)).astype(np.uint32)
        # Users of the GIL's mutex are told from sleepers by the looks, of which these are missing now.
        sleepers = np.bincount(row[waits], minlength=len(passes)).astype(np.uint16)
        passes["mutex_users"] -= np.minimum(sleepers, passes["mutex_users"])
        passes["holder"][np.isin(passes["holder"], numbers)] = UNREADABLE
        looks = looks[~out]
    threads = tuple(thread for thread in batch.threads if thread.id not in ids)
    return replace(batch, passes=passes, looks=looks, threads=threads)
