"""The worst waits and turns in words, and the stall that is under way or just over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rich.cells import cell_len

from gilprof.analysis.episodes import EpisodeKind, KeptEpisode
from gilprof.model import ORIGIN_NAMES
from gilprof.report.answer.limits import OVERDUE
from gilprof.report.episodes import FramePlaces
from gilprof.report.names import location
from gilprof.tui.snapshot import Range, Snapshot

STALL_S = 0.25
"""A turn or wait of so long is a stall: fifty switch intervals, and people notice."""
STALL_SHOWN_S = 5.0
"""It is told for so long after it has ended."""


COLLECTION = "collection"
"""As ``Episode.why``: a garbage collection took more than half of the turn."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One wait or turn."""

    key: str
    """Stays the same from snapshot to snapshot."""
    kind: EpisodeKind
    began: datetime
    """Time of day here."""
    ended_s_ago: float
    """0: it is under way."""
    seconds: float
    so_far: bool
    """It has not ended."""
    thread: str
    place: str
    function: str | None
    """The one that had the GIL (``Range.function_key``)."""
    others: tuple[str, ...]
    """Of a wait who had the GIL the most, and where; of a turn who waited, longest first."""
    why: str
    harm_s: float


def episodes(snapshot: Snapshot) -> list[Episode]:
    """Under way or over, since the start or the last reset; the most harm first."""
    part = snapshot.whole
    under_way = {(each.kind, each.thread, each.start_ns) for each in snapshot.under_way}
    ended = [each for each in part.sums().episodes.worst if (each.kind, each.thread, each.start_ns) not in under_way]
    places = FramePlaces(part.definitions, part.functions)
    rows = [_episode(part, places, each, False) for each in ended]
    rows += [_episode(part, places, each, True) for each in snapshot.under_way]
    return sorted(rows, key=lambda row: -row.harm_s)


def stall(snapshot: Snapshot) -> Episode | None:
    """The worst one of now, or of the last moments; a turn tells more than the waits for it."""
    part = snapshot.whole
    now_ns = part.sums().last_t_ns
    recent = [
        each for each in part.sums().episodes.worst if now_ns - each.start_ns - each.length_ns <= STALL_SHOWN_S * 1e9
    ]
    for candidates, so_far in ((snapshot.under_way, True), (recent, False)):
        stalls = [each for each in candidates if each.length_ns >= STALL_S * 1e9 and each.harm_ns > 0]
        if stalls:
            worst = max(stalls, key=lambda each: (each.kind == EpisodeKind.TURN, each.length_ns))
            return _episode(part, FramePlaces(part.definitions, part.functions), worst, so_far)
    return None


def stall_text(episode: Episode, width: int) -> str:
    """In one line of ``width``: as much as fits, who has the GIL and where goes first."""
    length = f"{episode.seconds:.1f} s"
    when = "STALL: " if episode.so_far else f"Stall {episode.ended_s_ago:.0f} s ago: "
    if episode.kind is EpisodeKind.TURN:
        first, *more = episode.others or ("somebody",)
        who = f"{first} and {len(more)} more" if more else first
        verb, pay = ("has had", "waits") if episode.so_far else ("had", "waited")
        pay = "wait" if more and episode.so_far else pay
        text = f"{when}{episode.thread} {verb} the GIL for {length} at {episode.place}"
        text += " (garbage collection)" if episode.why == COLLECTION else ""
        rest = [f"; {who} {pay}", f"; {max(len(episode.others), 1)} {pay}"]
    else:
        verb = "has waited" if episode.so_far else "waited"
        text = f"{when}{episode.thread} {verb} {length} for the GIL"
        whom = f", mostly for {episode.others[0]}" if episode.others else ""
        rest = [f" at {episode.place}{whom}", whom, whom.partition(" at ")[0]]
    return next((line for line in (f"{text}{more}" for more in (*rest, "")) if cell_len(line) <= width), text)


def _episode(part: Range, places: FramePlaces, worst: KeptEpisode, so_far: bool) -> Episode:
    function, line = places.of(worst.frame)
    where, holder = _place(part, function, line), function
    if worst.kind is EpisodeKind.TURN:
        others = tuple(part.thread_name(thread) for thread, _ in worst.victims)
        why = "C code" if worst.overdue_ns >= OVERDUE * worst.length_ns else "Python code"
        why = COLLECTION if 2 * worst.gc_ns > worst.length_ns else why
    else:
        why = ORIGIN_NAMES[worst.origin]
        holder, others = None, ()
        if worst.culprit is not None:
            holder, holder_line = places.of(worst.culprit.frame)
            others = (f"{part.thread_name(worst.culprit.thread)} at {_place(part, holder, holder_line)}",)
    unix_ns, clock_ns = part.info.wall_anchor
    ended_ns = worst.start_ns + worst.length_ns
    return Episode(
        key=f"{worst.kind} {worst.thread} {worst.start_ns}",
        kind=EpisodeKind(worst.kind),
        began=datetime.fromtimestamp((unix_ns + worst.start_ns - clock_ns) / 1e9).astimezone(),
        ended_s_ago=0.0 if so_far else max(part.sums().last_t_ns - ended_ns, 0) / 1e9,
        seconds=worst.length_ns / 1e9,
        so_far=so_far,
        thread=part.thread_name(worst.thread),
        place=where,
        function=None if holder is None else part.function_key(holder),
        others=others,
        why=why,
        harm_s=worst.harm_ns / 1e9,
    )


def _place(part: Range, function: int | None, line: int | None) -> str:
    if function is None:
        return "(many places)"
    name, file, _ = part.functions.keys[function]
    return location(name, file, line)
