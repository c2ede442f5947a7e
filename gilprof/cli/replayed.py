"""A recording, or a part of its time, as a profile."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gilprof.cli.completion import recordings
from gilprof.cli.options import DURATION, DURATION_OR_ZERO
from gilprof.cli.output import complain
from gilprof.errors import UsageError

if TYPE_CHECKING:
    from gilprof.analysis.profile import Profile
    from gilprof.exporters.timeline import Timeline
    from gilprof.recording.reader import Recording

_Command = TypeVar("_Command", bound=Callable[..., Any])


def recording_options(command: _Command) -> _Command:
    """The argument FILE and the options that say what of it is read: from_s, to_s, salvage."""
    for decorate in (
        click.option("--salvage", is_flag=True, help="Leave damaged parts out and count them."),
        click.option("--to", "to_s", callback=DURATION, metavar="TIME", help="Seconds into the recording to end at."),
        click.option(
            "--from",
            "from_s",
            callback=DURATION_OR_ZERO,
            metavar="TIME",
            default="0",
            help="Seconds into the recording to begin at.",
        ),
        click.argument("file", shell_complete=recordings),
    ):
        command = decorate(command)
    return command


def replayed(file: str, from_s: float, to_s: float | None, salvage: bool, timeline: Timeline | None = None) -> Profile:
    """The profile of the recording ``file``, and the ``timeline`` filled; what is left out is told on standard error.

    Raises FileError, and UsageError for times that are none.
    """
    from gilprof.analysis.profile import Profile
    from gilprof.recording.reader import Recording
    from gilprof.recording.replay import ReplaySource
    from gilprof.report.select import Window

    if to_s is not None and to_s <= from_s:
        raise UsageError(f"reading from {from_s:g} s to {to_s:g} s", "that is no time", "give a later --to")
    recording = Recording.open(file, salvage=salvage)
    with closing(ReplaySource(recording)) as source:
        profile, window = Profile(source.info, timeline), Window(from_s, to_s)
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
