"""A short profile: what it costs here, and how much of what the threads do can be told."""

from __future__ import annotations

import time
from contextlib import closing

from gilprof.analysis.profile import Profile
from gilprof.doctor.finding import Finding, Level
from gilprof.errors import NoSuchProcess
from gilprof.report.build import build_process
from gilprof.report.model import Sampling
from gilprof.sources.live import LiveSource
from gilprof.units import format_rate, format_share

RATE_HZ = 1000.0
"""attach's default."""
WARM_UP_S = 0.2
"""Stacks and names that are new are read then, once."""
TRIAL_S = 0.5
DRAIN_EVERY_S = 0.1
MUCH_UNKNOWN = 0.02
"""Four times the bound on a long profile: a short one is less certain."""
FEW_PASSES = 20
"""With fewer, what a pass costs is not known."""
LOW_RATE = 0.5
"""Of the rate asked for."""


def trial(pid: int) -> Finding:
    """Raises NoSuchProcess when it ends meanwhile; a note where the rate or the states are not to be had."""
    with closing(LiveSource.attach(pid, RATE_HZ)) as source:
        profile = Profile(source.info)
        _observe(source, profile, WARM_UP_S)
        passes = profile.health.passes
        wall_s, cpu_s = time.monotonic(), time.process_time()
        _observe(source, profile, TRIAL_S)
        wall_s, cpu_s = time.monotonic() - wall_s, time.process_time() - cpu_s
        passes = profile.health.passes - passes
    profile.finish()
    if profile.ended is not None:
        raise NoSuchProcess(f"observing process {pid}", f"it ended ({profile.ended})", "check the PID")
    process = build_process(profile)
    cost_share = cpu_s / passes * RATE_HZ if passes >= FEW_PASSES else None
    return _finding(process.sampling, passes / wall_s, cost_share, process.stopped_s > 0)


def _observe(source: LiveSource, profile: Profile, seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, DRAIN_EVERY_S))
        batch = source.drain()
        if batch is None:
            return
        profile.add(batch)


def _finding(sampling: Sampling, rate_hz: float, cost_share: float | None, stopped: bool) -> Finding:
    """What a trial has shown."""
    asked = format_rate(RATE_HZ)
    found = f"{format_share(cost_share)} of a core at {asked}; {format_share(sampling.unknown)} of the time unknown"
    if stopped:
        return Finding("trial", Level.OK, found, cost_share=cost_share)
    if rate_hz < LOW_RATE * RATE_HZ:
        reached = f"only {format_rate(rate_hz)} attained"
        return Finding(
            "trial",
            Level.NOTE,
            f"{found}; {reached}",
            f"{reached}: ask for less with -r, or give gilprof a CPU",
            cost_share,
        )
    if (sampling.unknown or 0.0) > MUCH_UNKNOWN:
        doubt = f"{format_share(sampling.unknown)} of what its threads do could not be told"
        return Finding("trial", Level.NOTE, found, doubt, cost_share)
    return Finding("trial", Level.OK, found, cost_share=cost_share)
