"""The source for a program that gilprof has just started.

Imports the sampler at once: what is loaded after the program has started is time in which nobody looks.
"""

from __future__ import annotations

import click

from gilprof.cli.sources import open_source
from gilprof.errors import NoSuchProcess, NotReadable
from gilprof.sources.base import Source
from gilprof.sources.live import LiveSource
from gilprof.target.process import Process
from gilprof.target.startup import Pause, Startup


def open_started(ctx: click.Context, pid: int, rate_hz: float, pause: Pause) -> Source:
    """Process ``pid`` as soon as there is a Python in it, or what the context makes of it (``open_source``).

    Raises NoSuchProcess, PermissionRefused or NotReadable when it has ended without.
    """
    if ctx.obj is not None:
        return open_source(ctx, pid, rate_hz)
    tried = f"profiling process {pid}"
    try:
        process = Process(pid)
    except NoSuchProcess as error:
        raise NoSuchProcess(tried, "it ended before a first look") from error
    startup = Startup(process, pause)
    found = startup.find()
    if found is not None:
        return LiveSource(process, *found, rate_hz)
    process.close()
    if startup.failure is not None:
        raise startup.failure
    if startup.python_seen:
        raise NoSuchProcess(tried, "it ended before a first look")
    raise NotReadable(tried, "it never became a Python", "name the Python program itself: children are not followed")
