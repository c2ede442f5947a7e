"""A program that gilprof has just started, as a source."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from gilprof.errors import NoSuchProcess, NotReadable
from gilprof.sources.live import LiveSource
from gilprof.target.process import Process
from gilprof.target.startup import Pause, Startup


def open_started(pid: int, rate_hz: float, pause: Pause, follows: bool = False) -> LiveSource:
    """Attach to process ``pid`` as soon as there is a Python in it. Sampling has begun before its standard library is
    known. ``follows``: as for ``LiveSource``.

    Raises NoSuchProcess, PermissionRefused or NotReadable when it has ended without.
    """
    tried = f"profiling process {pid}"
    try:
        process = Process(pid)
    except NoSuchProcess as error:
        raise NoSuchProcess(tried, "it ended before a first look") from error
    with ExitStack() as opened:
        opened.enter_context(process)
        startup = Startup(process, pause)
        found = startup.find()
        if found is not None:
            opened.enter_context(found[0])
            source = LiveSource(process, *found, rate_hz, stdlib=partial(startup.stdlib, *found), follows=follows)
            opened.pop_all()
            return source
    if startup.failure is not None:
        raise startup.failure
    if startup.python_seen:
        raise NoSuchProcess(tried, "it ended before a first look")
    raise NotReadable(tried, "it never became a Python", "name the Python program itself: children are not followed")
