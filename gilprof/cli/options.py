"""Options and arguments that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from gilprof.errors import UsageError
from gilprof.units import parse_duration, parse_rate

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Callback = Callable[[click.Context, click.Parameter, str | None], float | None]


def parsed(parse: Callable[[str], float]) -> _Callback:
    """A callback that reads an option's text with a function of ``gilprof.units``; nonsense is wrong usage."""

    def callback(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
        try:
            return None if value is None else parse(value)
        except UsageError as error:
            raise click.BadParameter(str(error), ctx, param) from error

    return callback


RATE = parsed(parse_rate)
DURATION = parsed(parse_duration)
DURATION_OR_ZERO = parsed(lambda text: parse_duration(text, zero=True))


def process_id(command: _Command) -> _Command:
    """The argument PID."""
    return click.argument("pid", type=click.IntRange(min=1))(command)


def no_color(command: _Command) -> _Command:
    """``--no-color``; NO_COLOR does the same."""
    return click.option("--no-color", is_flag=True, help="Plain text, as with NO_COLOR set.")(command)
