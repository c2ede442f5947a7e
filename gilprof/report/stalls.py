"""Stalls as rows of a report, and as the line that tells one as it happens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from gilprof.analysis.episodes import MainHolder, StallCause
from gilprof.analysis.episodes import Stall as FoundStall
from gilprof.analysis.profile_sums import ProfileSums
from gilprof.facts.arrays import Rows
from gilprof.facts.definitions import Definitions
from gilprof.model import NONE, Function, TargetInfo
from gilprof.report.episodes import FramePlaces
from gilprof.report.groups import seconds
from gilprof.report.model import Stall, Victim
from gilprof.report.names import NO_FRAME, UNREADABLE_STACK, grouped_threads, location, printable, thread_name
from gilprof.units import format_seconds, format_share

NAMES = 5
"""Victims, or groups of them, whose names are told."""
GROUPED_FROM = 4
"""From so many victims on those whose names differ in a number are told as one."""
NAME_LENGTH = 40
STACK_LINES = 100


def stall_rows(sums: ProfileSums, places: FramePlaces) -> tuple[Stall, ...] | None:
    """The stalls of a profile; None where nobody asked for them."""
    if sums.stalls is None:
        return None
    return tuple(_row(stall, sums.first_t_ns, sums.threads.id, places) for stall in sums.stalls.latest)


def _row(stall: FoundStall, first_t_ns: int, ids: Rows, places: FramePlaces) -> Stall:
    held = stall.held
    function, line = (None, None) if held is None else places.of(held.frame)
    return Stall(
        start_s=seconds(stall.start_ns - first_t_ns),
        seconds=seconds(stall.length_ns),
        holder=None if held is None else int(ids[held.thread]),
        function=function,
        line=line,
        victims=tuple(Victim(int(ids[thread]), seconds(ns)) for thread, ns in stall.victims),
        cause=stall.cause.value or None,
        gc_s=seconds(stall.gc_ns),
        queued_s=seconds(stall.queued_ns),
    )


def _cause(stall: FoundStall) -> str:
    """``, garbage collection, which had no CPU for 60 % of it``: what took half of it or more, besides the code."""
    if stall.held is None:
        return ""
    gc = ", garbage collection" if 2 * stall.gc_ns > stall.length_ns else ""
    queued = f", which had no CPU for {format_share(stall.queued_ns / stall.length_ns)} of it"
    return f"{gc}{queued if stall.cause is StallCause.QUEUED else ''}"


class StallWords:
    """Stalls in words; their threads by id, as ``Profile.new_stalls`` has them."""

    def __init__(self, info: TargetInfo, definitions: Definitions) -> None:
        self._wall_anchor = info.wall_anchor
        self._definitions = definitions

    def facts(self, stall: FoundStall) -> dict[str, str]:
        """What there is to tell, by name; ``function``, ``file`` and ``line`` are empty where they are not known."""
        unix_ns, monotonic_ns = self._wall_anchor
        start = datetime.fromtimestamp((stall.start_ns - monotonic_ns + unix_ns) / 1e9, UTC)
        name, file, line = self._place(stall.held)
        return {
            "start": start.isoformat(timespec="milliseconds"),
            "seconds": f"{stall.length_ns / 1e9:.3f}",
            "function": printable(name),
            "file": printable(file or "", 4096),
            "line": str(line or ""),
            "thread": "" if stall.held is None else self._thread(stall.held.thread),
            "cause": stall.cause.value,
            "gc_seconds": f"{stall.gc_ns / 1e9:.3f}",
            "queued_seconds": f"{stall.queued_ns / 1e9:.3f}",
            "victims": ",".join(self._thread(thread) for thread, _ in stall.victims),
        }

    def line(self, stall: FoundStall) -> str:
        """``stall 09:00:00.120 80 ms sort (app.py:12) in worker-1, kept 2 waiting: a, b``; the time of day is UTC."""
        unix_ns, monotonic_ns = self._wall_anchor
        start = datetime.fromtimestamp((stall.start_ns - monotonic_ns + unix_ns) / 1e9, UTC)
        name, file, line = self._place(stall.held)
        culprit = "nobody, for want of a CPU" if stall.held is None else location(name, file, line)
        where = "" if stall.held is None else f" in {self._thread(stall.held.thread)}"
        victims = [self._thread(thread) for thread, _ in stall.victims]
        who = victims if len(victims) < GROUPED_FROM else grouped_threads(victims)
        more = f" and {len(who) - NAMES} more" if len(who) > NAMES else ""
        so_far = " so far," if stall.goes_on else ""
        return (
            f"stall {start:%H:%M:%S}.{start.microsecond // 1000:03d} {format_seconds(stall.length_ns / 1e9)}{so_far} "
            f"{culprit}{where}{_cause(stall)}, kept {len(victims)} waiting: {', '.join(who[:NAMES])}{more}"
        )

    def stack(self, stall: FoundStall) -> Iterator[str]:
        """The culprit's frames, innermost first."""
        if stall.held is None:
            return
        for number, (function, line) in enumerate(self._definitions.walk(stall.held.stack)):
            if number == STACK_LINES:
                yield "..."
                return
            known = self._function(function)
            yield UNREADABLE_STACK if known is None else location(known.name, known.file, line or known.first_line)

    def _place(self, held: MainHolder | None) -> tuple[str, str | None, int | None]:
        if held is None or held.frame == NONE:
            return NO_FRAME, None, None
        place = self._definitions.place(held.frame)
        if place is None:
            return UNREADABLE_STACK, None, None
        function = self._definitions.functions[place[0]]
        return function.name, function.file, place[1] or function.first_line

    def _function(self, number: int) -> Function | None:
        functions = self._definitions.functions
        return functions[number] if 0 <= number < len(functions) else None

    def _thread(self, number: int) -> str:
        seen = self._definitions.threads.get(number)
        return thread_name(seen.name, NAME_LENGTH) if seen is not None else "?"
