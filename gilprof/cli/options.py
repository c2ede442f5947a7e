"""Options and arguments that several verbs share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import click

from gilprof.cli.completion import running_pythons
from gilprof.cli.profiling.sources import Rate
from gilprof.errors import UsageError
from gilprof.units import parse_duration, parse_moment, parse_rate

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Value = TypeVar("_Value")


def parsed(parse: Callable[[str], _Value]) -> Callable[[click.Context, click.Parameter, str | None], _Value | None]:
    """A callback that reads an option's text with a function of ``gilprof.units``; nonsense is wrong usage."""

    def callback(ctx: click.Context, param: click.Parameter, value: str | None) -> _Value | None:
        try:
            return None if value is None else parse(value)
        except UsageError as error:
            raise click.BadParameter(str(error), ctx, param) from error

    return callback


RATE_HZ = 1000
"""Passes a second where nobody asks for a rate, and a CPU is free."""
DURATION = parsed(parse_duration)
MOMENT = parsed(parse_moment)
DURATION_OR_ZERO = parsed(lambda text: parse_duration(text, zero=True))


def _rate(ctx: click.Context, param: click.Parameter, value: str | None) -> Rate:
    asked = parsed(parse_rate)(ctx, param, value)
    return Rate(RATE_HZ, follows=True) if asked is None else Rate(asked)


def nanoseconds(seconds: float | None) -> int | None:
    """A time that was given, for arithmetic."""
    return None if seconds is None else round(seconds * 1e9)


def process_id(command: _Command) -> _Command:
    """The argument PID."""
    return click.argument("pid", type=click.IntRange(min=1), shell_complete=running_pythons)(command)


STALL = click.option(
    "--stall", callback=DURATION, metavar="TIME", help="Tell waits for the GIL longer than this: 50ms."
)
SPAN = click.option(
    "--span", multiple=True, metavar="QUALNAME", help="Tell how long each call of this function took: Consumer.handle."
)


class JsonCommand(click.Command):
    """A command with a flag ``--json``, of which ``--json -`` and ``--json=-`` mean the same, as for attach and run,
    where a file may be named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Without what says no more than ``--json``."""
        plain = ["--json" if arg == "--json=-" else arg for arg in args]
        return super().parse_args(
            ctx, [arg for before, arg in zip(["", *plain], plain, strict=False) if (before, arg) != ("--json", "-")]
        )


def no_color(command: _Command) -> _Command:
    """``--no-color``; NO_COLOR does the same."""
    return click.option("--no-color", is_flag=True, help="Plain text, as with NO_COLOR set.")(command)


@dataclass(frozen=True, slots=True)
class ProfileOptions:
    """What attach and run let people choose about a profile, and about what becomes of it."""

    rate: Rate
    duration: float | None
    """Seconds; None: until the target ends."""
    delay: float
    """Seconds before the profile begins."""
    output: str | None
    force: bool
    """Replace ``output`` where it exists."""
    json_file: str | None
    stall: float | None
    """Seconds: waits longer than that are told as they happen; None: not."""
    on_stall: str | None
    """A command to run then."""
    span: tuple[str, ...]
    """Qualified names of functions, or patterns of them, whose stays on a stack are reported one by one."""
    keep: float | None
    """Seconds: the recording is of so much time, kept in memory until something happens; None: of everything."""
    live: bool | None
    """The live view; None: nobody said."""
    quiet: bool
    verbose: bool
    no_color: bool


def profile_options(output_help: str, live_by_default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declares what ``ProfileOptions`` holds; the command gets one as ``options``. ``output_help``: of ``-o``;
    ``live_by_default``: when the live view comes up by itself."""
    declared = (
        click.option(
            "-r",
            "--rate",
            callback=_rate,
            metavar="RATE",
            help=f"Passes a second: 1000, 1khz.  [default: {RATE_HZ}, fewer where no CPU is free]",
        ),
        click.option(
            "-d",
            "--duration",
            callback=DURATION,
            metavar="TIME",
            help="How long: 5, 5s, 2m; else until the target ends or Ctrl-C.",
        ),
        click.option(
            "--delay",
            callback=DURATION_OR_ZERO,
            metavar="TIME",
            default="0",
            help="Wait so long before the profile begins.",
        ),
        click.option("-o", "--output", metavar="FILE", help=output_help),
        click.option("--force", is_flag=True, help="Replace FILE where it exists."),
        click.option("--json", "json_file", metavar="FILE", help="The report as JSON; -: in place of the text."),
        STALL,
        SPAN,
        click.option("--on-stall", metavar="COMMAND", help="Run COMMAND on a stall, once in 10 s at most."),
        click.option(
            "--keep",
            callback=DURATION,
            metavar="TIME",
            help="Keep the last TIME in memory; write it to FILE on a stall, on SIGUSR1 and at the end.",
        ),
        click.option(
            "--live/--no-live",
            default=None,
            help=f"The live view, or the report at the end.  [default: {live_by_default}]",
        ),
        click.option("-q", "--quiet", is_flag=True, help="No progress and no notes."),
        click.option("-v", "--verbose", is_flag=True, help="Say what is being watched."),
        no_color,
    )

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def gathering(*args: Any, **values: Any) -> Any:
            own = {field.name: values.pop(field.name) for field in fields(ProfileOptions)}
            if own["stall"] is not None:  # which is told from looks a third of it apart
                own["rate"] = replace(own["rate"], follows=False)
            return command(*args, options=ProfileOptions(**own), **values)

        for option in reversed(declared):
            gathering = option(gathering)
        return gathering

    return add
