"""A recording, or a part of its time, as a profile."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gilprof.cli.completion import recordings
from gilprof.cli.options import MOMENT, nanoseconds
from gilprof.cli.output import complain

if TYPE_CHECKING:
    from gilprof.analysis.profile import Profile
    from gilprof.exporters.timeline import Timeline
    from gilprof.recording.reader import Recording
    from gilprof.units import Moment

_Command = TypeVar("_Command", bound=Callable[..., Any])


def recording_options(command: _Command) -> _Command:
    """The argument FILE and the options that say what of it is read: from_s, to_s, salvage."""
    for decorate in (
        click.option("--salvage", is_flag=True, help="Leave damaged parts out and count them."),
        click.option("--to", "to_s", callback=MOMENT, metavar="TIME", help="Where to end; +101ms: behind --from."),
        click.option(
            "--from",
            "from_s",
            callback=MOMENT,
            metavar="TIME",
            default="0",
            help="Where in the recording to begin: 5 (seconds), 2m, or 09:00:00.120 (UTC).",
        ),
        click.argument("file", shell_complete=recordings),
    ):
        command = decorate(command)
    return command


@dataclass(frozen=True, slots=True)
class Asked:
    """What a profile shows only where somebody asks for it."""

    timeline: Timeline | None = None
    """To be filled."""
    stall: float | None = None
    """Seconds."""
    span: tuple[str, ...] = ()


def replayed(file: str, from_s: Moment, to_s: Moment | None, salvage: bool, asked: Asked | None = None) -> Profile:
    """The profile of the recording ``file``; what is left out is told on standard error.

    Raises FileError, and UsageError for times that are none.
    """
    from gilprof.analysis.profile import Profile
    from gilprof.recording.reader import Recording
    from gilprof.recording.replay import ReplaySource
    from gilprof.report.select import Window

    asked = asked or Asked()
    recording = Recording.open(file, salvage=salvage)
    with closing(ReplaySource(recording)) as source:
        profile = Profile(source.info, asked.timeline, nanoseconds(asked.stall), asked.span)
        window = Window(source.info.wall_anchor, from_s, to_s)
        while (batch := source.drain()) is not None:
            profile.add(window.cut(batch))
        profile.finish()
    _tell_left_out(recording)
    return profile


def _tell_left_out(recording: Recording) -> None:
    left_out = recording.left_out
    if left_out.torn_tail_bytes:
        complain(f"the last {left_out.torn_tail_bytes} bytes of the recording are cut off and left out")
    if left_out.damaged_chunks:
        complain(
            f"{left_out.damaged_chunks} damaged chunks ({left_out.damaged_bytes} bytes) of the recording are left out"
        )
