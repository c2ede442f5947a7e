"""What is observed: the process itself, unless the context brings another kind of source."""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import click

if TYPE_CHECKING:
    from gilprof.sources.base import Source


@dataclass(frozen=True, slots=True)
class Rate:
    """How often to look."""

    hz: float
    """Passes a second."""
    follows: bool = False
    """So many where a CPU is free, and fewer where none is; else exactly so many."""


def open_source(ctx: click.Context, pid: int, rate: Rate) -> Source:
    """The process ``pid``, or what ``ctx.obj`` (a function of pid and rate) makes of it.

    Raises NoSuchProcess, PermissionRefused or NotReadable.
    """
    if ctx.obj is not None:
        return cast("Callable[[int, float], Source]", ctx.obj)(pid, rate.hz)
    from gilprof.sources.live import LiveSource

    allow_many_files()
    return LiveSource.attach(pid, rate.hz, follows=rate.follows)


def allow_many_files() -> None:
    """Two descriptors a thread make a look cheaper: raise the soft limit as far as it goes without privilege. Only in a
    process of gilprof's own, and after what it starts has been started."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
