"""How far the figures can be trusted, and what to do where they cannot."""

from __future__ import annotations

from collections.abc import Iterator

from gilprof.report.answer.limits import FEW_PASSES
from gilprof.report.answer.weigh import cpus_are_short
from gilprof.report.model import Process, Sampling
from gilprof.report.names import printable
from gilprof.units import format_rate, format_seconds, format_share

LOW_RATE = 0.9
"""Of the rate asked for."""
LOWERED = 0.98
"""Of the rate asked for: below, the rate has followed what was free."""
NEARLY_ALL = 0.95
"""Of a thread's time, inside one span."""
MANY_TORN = 0.1
"""Of the passes."""
MANY_UNKNOWN = 0.005
"""Of the threads' time."""
MUCH_UNOBSERVED = 0.05
"""Of the duration, the time in which the target was stopped left out."""


def health(process: Process) -> Iterator[tuple[str, str]]:
    """Lines and their styles: the account first, then a remedy for whatever is bad."""
    sampling = process.sampling
    torn = sampling.torn / sampling.passes if sampling.passes else None
    cpu = sampling.sampler_cpu_s / process.duration_s if process.duration_s else None
    yield (
        f"Health: {format_rate(sampling.rate_hz)} of {format_rate(aimed_hz(sampling))} attained, "
        f"{sampling.missed} of {sampling.missed + sampling.passes} passes missed, {format_share(torn)} torn",
        "",
    )
    yield (
        f"Health: {format_share(sampling.unknown)} of the threads' time unknown; "
        f"the sampler took {format_share(cpu)} of a CPU{_drain(process)}",
        "",
    )
    if aimed_hz(sampling) < LOWERED * sampling.asked_hz:
        yield (
            f"Health: while no CPU was free the rate was lowered, from {format_rate(sampling.asked_hz)}, to cost the "
            "program less: -r RATE would be kept to",
            "",
        )
    for remedy in _remedies(process, torn):
        yield f"  ! {remedy}", "yellow"


def aimed_hz(sampling: Sampling) -> float:
    """The rate that there was to attain."""
    return sampling.asked_hz if sampling.aimed_hz is None else sampling.aimed_hz


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
    elif running_s > 0 and sampling.passes < LOW_RATE * aimed_hz(sampling) * running_s:
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
    observed_s = process.observed_s or 1.0
    queued_mean = sum(thread.queued_s for thread in process.threads) / observed_s
    on_cpu_mean = sum(thread.cpu_s for thread in process.threads) / observed_s
    if not sampling.short_slice and cpus_are_short(queued_mean, on_cpu_mean):
        yield (
            "the CPUs were full, and the kernel gave the sampler no short slice (Linux before 6.12, or refused): it "
            "came late, when somebody had just blocked, and saw waits too often"
        )
    if process.interpreters_seen > 1:
        yield f"{process.interpreters_seen} interpreters were seen, only the main one is observed"
