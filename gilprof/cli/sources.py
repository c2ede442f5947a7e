"""What is observed: the process itself, unless the context brings another kind of source."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import click

if TYPE_CHECKING:
    from gilprof.sources.base import Source


def open_source(ctx: click.Context, pid: int, rate_hz: float) -> Source:
    """The process ``pid``, or what ``ctx.obj`` (a function of pid and rate) makes of it.

    Raises NoSuchProcess, PermissionRefused or NotReadable.
    """
    if ctx.obj is not None:
        return cast("Callable[[int, float], Source]", ctx.obj)(pid, rate_hz)
    from gilprof.sources.live import LiveSource

    return LiveSource.attach(pid, rate_hz)
