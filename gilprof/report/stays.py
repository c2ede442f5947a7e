"""Spans of functions and event loops as rows."""

from __future__ import annotations

from gilprof.analysis.episodes import BELOW, NOT_KNOWN, LoopSums, SlowStay, SpanSums, StaySums, quantile_ns
from gilprof.analysis.profile_sums import ProfileSums
from gilprof.facts.arrays import Rows
from gilprof.model import NONE, STATE_NAMES
from gilprof.report.episodes import FramePlaces
from gilprof.report.groups import seconds
from gilprof.report.model import Culprit, HeldUpBy, Loop, Seconds, SlowSpan, Span

MANY_BELOW = 0.1
"""From this share of spans that are too short to be told on, their count is a lower bound."""


def span_rows(sums: ProfileSums, places: FramePlaces) -> tuple[Span, ...]:
    """The spans that were asked for."""
    return tuple(_span(span, sums, places) for span in sums.spans)


def loop_rows(sums: ProfileSums, places: FramePlaces) -> tuple[Loop, ...]:
    """The event loops, by thread."""
    return tuple(_loop(loop, sums, places) for loop in sums.loops)


def functions_in(spans: tuple[Span, ...], loops: tuple[Loop, ...]) -> set[int]:
    """The functions that the rows name."""
    slow = [row for span in spans for row in span.slowest] + [row for loop in loops for row in loop.slowest]
    named = {row.function for row in slow} | {culprit.function for row in slow for culprit in row.waited_for}
    named |= {cause.function for loop in loops for cause in loop.held_up_by}
    return {function for function in named if function is not None}


def _span(span: SpanSums, sums: ProfileSums, places: FramePlaces) -> Span:
    stays = span.stays
    return Span(
        name=span.name,
        count=round(float(stays.counts.sum()), 3),
        seen=stays.seen,
        p50_s=_quantile_s(stays, 0.5),
        p90_s=_quantile_s(stays, 0.9),
        p99_s=_quantile_s(stays, 0.99),
        max_s=seconds(stays.longest_ns) if stays.longest_ns else None,
        seconds=_states(stays.states_ns.tolist()),
        at_least=bool(stays.counts[BELOW] > MANY_BELOW * stays.counts.sum()),
        only_running=span.suspends,
        slowest=tuple(_slow(slow, sums.first_t_ns, sums.threads.id, places) for slow in stays.slowest),
    )


def _loop(loop: LoopSums, sums: ProfileSums, places: FramePlaces) -> Loop:
    stays, ids = loop.stays, sums.threads.id
    return Loop(
        thread=int(ids[loop.thread]),
        kind=loop.kind,
        count=round(float(stays.counts.sum()), 3),
        seen=stays.seen,
        p50_s=_quantile_s(stays, 0.5),
        p90_s=_quantile_s(stays, 0.9),
        p99_s=_quantile_s(stays, 0.99),
        max_s=seconds(stays.longest_ns) if stays.longest_ns else None,
        seconds=_states(stays.states_ns.tolist()),
        held_up_limit_s=seconds(loop.held_up_ns),
        held_up=sum(count for _, count in loop.held_up),
        held_up_by=tuple(
            HeldUpBy(
                count=count,
                function=None if cause.function == NONE else places.function(cause.function),
                waiting_for=None if cause.holder == NONE else int(ids[cause.holder]),
            )
            for cause, count in loop.held_up
        ),
        slowest=tuple(_slow(slow, sums.first_t_ns, ids, places) for slow in stays.slowest),
    )


def _quantile_s(stays: StaySums, share: float) -> float | None:
    ns = quantile_ns(stays.counts, share)
    return None if ns is None else seconds(min(ns, stays.longest_ns))


def _states(states_ns: list[float] | tuple[float, ...]) -> Seconds:
    return {name: seconds(ns) for name, ns in zip(STATE_NAMES, states_ns, strict=True)}


def _slow(slow: SlowStay, first_t_ns: int, ids: Rows, places: FramePlaces) -> SlowSpan:
    function, line = places.of(slow.frame)
    return SlowSpan(
        thread=int(ids[slow.thread]),
        function=function,
        line=line,
        start_s=seconds(slow.start_ns - first_t_ns),
        seconds=seconds(slow.length_ns),
        error_s=None if slow.error_ns == NOT_KNOWN else seconds(slow.error_ns),
        states=_states(slow.states_ns),
        waited_for=tuple(
            Culprit(int(ids[thread]), *places.of(frame), seconds(ns)) for thread, frame, ns in slow.waited_for
        ),
    )
