"""A recording, or a part of its time, as profiles of its processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gilprof.cli.completion import recordings
from gilprof.cli.options import MOMENT, nanoseconds
from gilprof.cli.output import complain
from gilprof.errors import UsageError

if TYPE_CHECKING:
    from gilprof.analysis.profile import Profile
    from gilprof.exporters.timeline import Timeline
    from gilprof.model import TargetInfo
    from gilprof.recording.reader import Recording
    from gilprof.units import Moment

_Command = TypeVar("_Command", bound=Callable[..., Any])


def recording_options(command: _Command) -> _Command:
    """The argument FILE and the options that say what of it is read: from_s, to_s, salvage, pid."""
    for decorate in (
        click.option("--process", "pid", type=int, metavar="PID", help="Only this process, of a recording of several."),
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

    pid: int | None = None
    """Only this process; None: all."""

    timelines: bool = False
    """With a timeline of each process."""
    stall: float | None = None
    """Seconds."""
    span: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a recording was made of."""

    profiles: Mapping[int, Profile]
    """By the process's number; at least one."""
    timelines: Mapping[int, Timeline]
    """Where they were asked for."""


def replayed(file: str, from_s: Moment, to_s: Moment | None, salvage: bool, asked: Asked | None = None) -> Replayed:
    """The processes in the recording ``file``; what is left out is told on standard error.

    Raises FileError, and UsageError for times that are none and a process that is not there.
    """
    from gilprof.analysis.profile import Profile
    from gilprof.analysis.session import SessionProfile
    from gilprof.exporters.timeline import Timeline
    from gilprof.recording.reader import Recording
    from gilprof.recording.replay import ReplaySource
    from gilprof.report.select import TimeCut

    asked = asked or Asked()
    timelines: list[Timeline | None] = []

    def profile_of(info: TargetInfo) -> Profile:
        wanted = asked.timelines and asked.pid in (None, info.pid)
        timelines.append(Timeline() if wanted else None)
        return Profile(info, timelines[-1], nanoseconds(asked.stall), asked.span)

    recording = Recording.open(file, salvage=salvage)
    with closing(ReplaySource(recording)) as source:
        session = SessionProfile(source.info, profile_of)
        window = TimeCut(source.info.wall_anchor, from_s, to_s)
        while (batch := source.drain()) is not None:
            session.add(window.cut(batch))
        session.finish()
    _tell_left_out(recording)
    chosen = {number: profile for number, profile in session.processes.items() if asked.pid in (None, profile.info.pid)}
    if not chosen:
        raise UsageError(f"reading process {asked.pid} of {file}", _processes(session.processes), "give one of these")
    kept = {number: timeline for number, timeline in zip(session.processes, timelines, strict=True) if timeline}
    return Replayed(chosen, kept)


def _processes(profiles: Mapping[int, Profile]) -> str:
    pids = ", ".join(str(profile.info.pid) for profile in profiles.values())
    return f"it has {'process' if len(profiles) == 1 else 'processes'} {pids}"


def _tell_left_out(recording: Recording) -> None:
    left_out = recording.left_out
    if left_out.torn_tail_bytes:
        complain(f"the last {left_out.torn_tail_bytes} bytes of the recording are cut off and left out")
    if left_out.damaged_chunks:
        complain(
            f"{left_out.damaged_chunks} damaged chunks ({left_out.damaged_bytes} bytes) of the recording are left out"
        )
