"""The source for a program that gilprof has just started.

Imports the sampler at once: what is loaded after the program has started is time in which nobody looks.
"""

from __future__ import annotations

import click

from gilprof.cli.sources import open_source
from gilprof.sources import started
from gilprof.sources.base import Source
from gilprof.target.startup import Pause


def open_started(ctx: click.Context, pid: int, rate_hz: float, pause: Pause) -> Source:
    """Process ``pid`` as soon as there is a Python in it, or what the context makes of it (``open_source``).

    Raises NoSuchProcess, PermissionRefused or NotReadable when it has ended without.
    """
    return open_source(ctx, pid, rate_hz) if ctx.obj is not None else started.open_started(pid, rate_hz, pause)
