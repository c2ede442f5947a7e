"""The source for a program that gilprof has just started.

Imports the sampler at once: what is loaded after the program has started is time in which nobody looks.
"""

from __future__ import annotations

from dataclasses import replace

import click

from gilprof.cli.profiling.sources import Rate, allow_many_files, open_source
from gilprof.model import Batch, TargetInfo
from gilprof.sources import started
from gilprof.sources.base import Source
from gilprof.target.launch import Launched
from gilprof.target.startup import Pause


def open_started(ctx: click.Context, pid: int, rate: Rate, pause: Pause) -> Source:
    """Process ``pid`` as soon as there is a Python in it, or what the context makes of it (``open_source``).

    Raises NoSuchProcess, PermissionRefused or NotReadable when it has ended without.
    """
    if ctx.obj is not None:
        return open_source(ctx, pid, rate)
    allow_many_files()
    return started.open_started(pid, rate.hz, pause, rate.follows)


class StartedSource:
    """``source``, which tells how ``program`` has ended as soon as gilprof knows, as its parent."""

    def __init__(self, source: Source, program: Launched) -> None:
        self._source = source
        self._program = program
        self._over = False

    @property
    def info(self) -> TargetInfo:
        """The process and how it is observed."""
        return self._source.info

    def drain(self) -> Batch | None:
        """What has come since the last call; the last batch says how the program ended."""
        if self._over:
            return None
        reason = self._program.end_reason()
        batch = self._source.drain()
        if reason is None or batch is None:
            return batch
        self._over = True
        return replace(batch, ended=batch.ended or reason)

    def close(self) -> None:
        """As ``source`` does."""
        self._source.close()
