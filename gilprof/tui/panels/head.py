"""The head of every screen: the answer in words, the process, the GIL, and the last minutes."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len

from gilprof.report.gils import gil_name, leading_gil, waiters_mean
from gilprof.report.health import LOW_RATE, MANY_UNKNOWN, aimed_hz, health
from gilprof.report.model import Gil, Process
from gilprof.report.names import printable
from gilprof.report.text_table import shortened
from gilprof.tui.episodes import stall, stall_text
from gilprof.tui.states import FREE_GLYPH, FREE_STYLE, LOOKS
from gilprof.tui.view import View
from gilprof.tui.widgets.bar import Bar, Piece
from gilprof.tui.widgets.lines import Line, Lines
from gilprof.tui.widgets.spark import sparks
from gilprof.tui.words import first_lines, is_the_gil
from gilprof.units import format_mean, format_rate, format_share

BAD, GOOD, WARN, FAINT = "bold #f14c4c", "bold #23d18b", "#e5e510", "#808080"
_HELD, _STUCK, _WAITING = LOOKS[0], LOOKS[1], LOOKS[2]
_SCALES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
"""Upper ends of the waiters' scale: it grows in steps, so that the picture is stable."""
HIGH_HISTORY = 4
"""Rows of the history where there is room."""
MOST_GILS = 4
"""That have a line."""
SETTLING_S = 1.0
"""The rate of the first moments says nothing."""


class Head(Lines):
    """As high as its lines."""

    def show_view(self, view: View) -> None:
        """Show another view."""
        high = self.screen.has_class("-high")
        lines = tuple(head_lines(view, self.size.width or self.app.size.width, HIGH_HISTORY if high else 1))
        if len(lines) != len(self.plain):
            self.styles.height = len(lines)
        self.show(lines)


def head_lines(view: View, width: int, rows: int = 1) -> Iterator[Line]:
    """Lines of ``width``: four and one a GIL, ``rows`` of history, one more for a stall, and one where the figures
    cannot be trusted."""
    recent = view.snapshot.recent
    process = recent.process
    verdict = BAD if is_the_gil(process) else GOOD
    first, second = first_lines(process, width)
    if recent.sums().passes == 0:
        first, second, verdict = "Looking at the process ...", "", FAINT
    yield ((first, verdict),)
    yield ((second, verdict),)
    yield _process_line(view, process, width)
    yield from _gil_lines(process, width)
    yield _figures(view, process)
    yield from _history(view, width, rows)
    stalled = stall(view.snapshot)
    if stalled is not None:
        line = shortened(stall_text(stalled, width), width).ljust(width)
        yield ((line, f"{BAD} reverse" if stalled.so_far else BAD),)
    for text, style in health(process):
        if style and view.snapshot.elapsed_s > SETTLING_S and "profile for longer" not in text:
            yield ((shortened(text.strip(), width), WARN),)
            break


def _process_line(view: View, process: Process, width: int) -> Line:
    minutes, seconds = divmod(int(view.snapshot.elapsed_s), 60)
    sampling = process.sampling
    attained = f"{format_rate(sampling.rate_hz)} of {format_rate(aimed_hz(sampling))}"
    low = (sampling.rate_hz or 0.0) < LOW_RATE * aimed_hz(sampling) and view.snapshot.elapsed_s > SETTLING_S
    pieces: list[Piece] = [
        (f"{process.pid} ", "bold"),
        (_place(view), ""),
        (f"Python {process.python}  {minutes // 60:02}:{minutes % 60:02}:{seconds:02}  ", ""),
        (f"{attained}  ", WARN if low else ""),
    ]
    if low:
        pieces.append((f"missed {format_share(sampling.missed / (sampling.missed + sampling.passes))}  ", WARN))
    if (sampling.unknown or 0.0) > MANY_UNKNOWN:
        pieces.append((f"unknown {format_share(sampling.unknown)}  ", WARN))
    badges = _badges(view)
    room = width - sum(cell_len(text) for text, _ in (*pieces, *badges))
    command = shortened(printable(" ".join(process.command), 200), max(room - 1, 1))
    pieces.append((command.ljust(room), FAINT))
    return (*pieces, *badges)


def _place(view: View) -> str:
    """``(2 of 6) ``; nothing where there is one process."""
    number, count = view.snapshot.place
    return f"({number} of {count}) " if count > 1 else ""


def _badges(view: View) -> list[Piece]:
    snapshot = view.snapshot
    out: list[Piece] = []
    if snapshot.recording is not None:
        out.append((" ● REC ", "bold #f14c4c"))
    if snapshot.over is not None:
        out.append((" ■ ENDED ", "bold reverse"))
    elif snapshot.stopped:
        out.append((" ‖ STOPPED ", "bold reverse"))
    elif view.behind_s is not None:
        out.append((f" ‖ PAUSED, {view.behind_s:.0f} s ago ", "bold reverse"))
    else:
        out.append((" ▶ LIVE ", GOOD))
    return out


def _gil_lines(process: Process, width: int) -> Iterator[Line]:
    """The GIL; of several those that most wait for."""
    gils = sorted(process.gils, key=lambda gil: (-(gil.waiters_mean or 0.0), -(gil.held or 0.0), gil.id))
    for gil in gils[:MOST_GILS]:
        yield _gil_line(gil, f"{gil_name(process, gil)} ", width)


def _gil_line(gil: Gil, name: str, width: int) -> Line:
    held, stuck = gil.held or 0.0, gil.held_blocked or 0.0
    free = max(0.0, 1.0 - held - stuck)
    figures: list[Piece] = [
        (f" {_HELD.glyph} held {format_share(gil.held)}", _HELD.style),
        (f" {_STUCK.glyph} held while blocked {format_share(gil.held_blocked)}", _STUCK.style),
        (f" {FREE_GLYPH} free {format_share(free if gil.held is not None else None)}", FREE_STYLE),
    ]
    room = max(width - len(name) - sum(cell_len(text) for text, _ in figures), 4)
    bar = Bar((held, stuck), ((_HELD.glyph, _HELD.style), (_STUCK.glyph, _STUCK.style), (FREE_GLYPH, FREE_STYLE)))
    return ((name, "bold"), *bar.pieces(room), *figures)


def _figures(view: View, process: Process) -> Line:
    """Of all GILs, but for the time in which somebody waits: of the one that most wait for."""
    history = view.snapshot.history
    now = format_mean(history[-1].waiting) if history else "?"
    switches = sum(gil.switches for gil in process.gils)
    switches_hz = format_mean(switches / process.observed_s if process.observed_s else None)
    contended = leading_gil(process).contended
    mean = waiters_mean(process) if contended is not None else None
    return (
        (f"{_WAITING.glyph} waiting ", _WAITING.style),
        (f"{now} now, {format_mean(mean)} mean", ""),
        (f", somebody {format_share(contended)} of the time; {switches_hz} switches/s", ""),
    )


def _history(view: View, width: int, rows: int) -> Iterator[Line]:
    """Held at the left, waiting at the right, the scales at the top."""
    history = view.snapshot.history
    upper = next((scale for scale in _SCALES if all(step.waiting <= scale for step in history)), _SCALES[-1])
    labels = f"held 0–{format_share(1.0)} ", f" waiting 0–{upper} "
    room = max(width - len(labels[0]) - len(labels[1]), 2)
    half = room // 2
    held = sparks([step.held + step.held_blocked for step in history], room - half, 1.0, rows)
    waiting = sparks([step.waiting for step in history], half, upper, rows)
    for number, (left, right) in enumerate(zip(held, waiting, strict=True)):
        one, other = labels if number == 0 else (" " * len(labels[0]), " " * len(labels[1]))
        yield ((one, FAINT), (left, _HELD.style), (other, FAINT), (right, _WAITING.style))
