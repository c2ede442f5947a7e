"""How far the figures can be trusted, and what to do where they cannot."""

from __future__ import annotations

from collections.abc import Iterator

from gilprof.report.model import Process
from gilprof.report.names import printable
from gilprof.report.not_the_gil import cpus_are_short
from gilprof.units import format_rate, format_seconds, format_share

LOW_RATE = 0.9
"""Of the rate asked for."""
NEARLY_ALL = 0.95
"""Of a thread's time, inside one span."""
MANY_TORN = 0.1
"""Of the passes."""
MANY_UNKNOWN = 0.005
"""Of the threads' time."""
MUCH_UNOBSERVED = 0.05
"""Of the duration, the time in which the target was stopped left out."""
FEW_PASSES = 300
"""A share of a half is then known to 6 percentage points (two standard errors)."""


def health(process: Process) -> Iterator[tuple[str, str]]:
    """Lines and their styles: the account first, then a remedy for whatever is bad."""
    sampling = process.sampling
    torn = sampling.torn / sampling.passes if sampling.passes else None
    cpu = sampling.sampler_cpu_s / process.duration_s if process.duration_s else None
    yield (
        f"Health: {format_rate(sampling.rate_hz)} of {format_rate(sampling.asked_hz)} attained, "
        f"{sampling.missed} of {sampling.missed + sampling.passes} passes missed, {format_share(torn)} torn",
        "",
    )
    yield (
        f"Health: {format_share(sampling.unknown)} of the threads' time unknown; "
        f"the sampler took {format_share(cpu)} of a CPU{_drain(process)}",
        "",
    )
    for remedy in _remedies(process, torn):
        yield f"  ! {remedy}", "yellow"


def _drain(process: Process) -> str:
    """What gilprof cost the process that it is a part of."""
    cpu_s = process.sampling.drain_cpu_s
    if cpu_s is None or not process.duration_s:
        return ""
    return f", and {format_share(cpu_s / process.duration_s)} with the GIL"


def _remedies(process: Process, torn: float | None) -> Iterator[str]:
    sampling = process.sampling
    running_s = process.duration_s - process.stopped_s
    if sampling.passes < FEW_PASSES:
        yield f"only {sampling.passes} passes: profile for longer, or at a higher --rate"
    if sampling.limited_hz is not None:
        yield (
            f"a look at all threads takes so long that the rate was lowered to {format_rate(sampling.limited_hz)}, so "
            "that gilprof takes no more than half of a CPU"
        )
    elif running_s > 0 and sampling.passes < LOW_RATE * sampling.asked_hz * running_s:
        yield "the rate asked for was not attained: lower --rate"
    if process.unobserved_s - process.stopped_s > MUCH_UNOBSERVED * process.duration_s:
        yield (
            f"{format_seconds(process.unobserved_s - process.stopped_s)} were not observed, as passes came "
            "very late: lower --rate, or give gilprof a CPU"
        )
    if torn is not None and torn > MANY_TORN:
        yield "the GIL switched during many passes: shares of single functions are less certain"
    if sampling.unknown is not None and sampling.unknown > MANY_UNKNOWN:
        yield "what threads did could often not be told: shares may be low by as much"
    if sampling.dropped:
        yield f"{sampling.dropped} passes were lost as gilprof could not keep up: lower --rate"
    if sampling.truncated_stacks:
        yield f"{sampling.truncated_stacks} stacks were too deep or too many and are cut"
    for span in process.spans:
        if span.max_s is not None and span.max_s > NEARLY_ALL * process.duration_s:
            yield (
                f"{printable(span.name, 80)} was on a stack nearly all the time: calls that follow one another within "
                "a gap between passes count as one span"
            )
    if not sampling.short_slice and cpus_are_short(process):
        yield (
            "the CPUs were full, and the kernel gave the sampler no short slice (Linux before 6.12, or refused): it "
            "came late, when somebody had just blocked, and saw waits too often"
        )
    if process.interpreters_seen > 1:
        yield f"{process.interpreters_seen} interpreters were seen, only the main one is observed"
