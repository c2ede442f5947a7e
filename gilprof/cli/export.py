"""``gilprof export``: a recording in another tool's format."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gilprof.cli.export_file import choices, format_of
from gilprof.cli.files import check_new, write_file
from gilprof.cli.output import complain, is_terminal, print_out
from gilprof.cli.replayed import recording_options, replayed
from gilprof.errors import UsageError
from gilprof.exporters import FORMATS, Format, by_name

if TYPE_CHECKING:
    from gilprof.analysis.profile import Profile
    from gilprof.model import State

STANDARD_OUTPUT = "-"


def _states(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[State, ...]:
    """``held,waiting``."""
    from gilprof.model import STATE_NAMES, State

    if value is None:
        return tuple(State)
    names = [name.strip().lower() for name in value.split(",")]
    for name in names:
        if name not in STATE_NAMES:
            raise click.BadParameter(f"{name!r} is no state; there are {', '.join(STATE_NAMES)}", ctx, param)
    return tuple(state for state in State if STATE_NAMES[state] in names)


@click.command()
@recording_options
@click.option("-f", "--format", "name", type=click.Choice([known.name for known in FORMATS]), help="Else OUT's ending.")
@click.option("-o", "--output", metavar="OUT", help="The file to write; -: standard output, as without it.")
@click.option("--force", is_flag=True, help="Replace OUT where it exists.")
@click.option("--state", "states", callback=_states, metavar="STATES", help="Only these: held,waiting.")
@click.option("--thread", metavar="PATTERN", help="Only threads of this name.")
def export(
    file: str,
    from_s: float,
    to_s: float | None,
    salvage: bool,
    name: str | None,
    output: str | None,
    force: bool,
    states: tuple[State, ...],
    thread: str | None,
) -> None:
    """Write the recording FILE in another format.

    flamegraph (.html): one page that needs nothing else. collapsed (.collapsed, .txt): a line a stack and
    state, for flamegraph.pl, inferno and speedscope.
    """
    from gilprof.exporters.narrowing import Narrowing

    out = None if output == STANDARD_OUTPUT else output
    chosen = _format(name, out)
    if out is not None:
        _check_not_itself(out, file)
        check_new(out, force)
    elif output is None and not chosen.for_terminals and is_terminal(sys.stdout):
        raise UsageError(f"exporting as {chosen.name}", "that is nothing to read on a terminal", "name a file with -o")
    profile = replayed(file, from_s, to_s, salvage)
    if thread is not None and not _is_there(thread, profile):
        complain(f"no thread is named {thread}: the export is empty")
    text = "".join(chosen.export(profile, Narrowing(states, thread)))
    if out is None:
        _print_utf8(text)
    else:
        write_file(out, text, force)


def _print_utf8(text: str) -> None:
    """As files have it: a page says that it is UTF-8, whatever the terminal takes."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    print_out(text)


def _format(name: str | None, out: str | None) -> Format:
    if name is not None:
        return by_name(name)
    if out is None:
        raise UsageError("exporting", "no format was given", f"give -f, or -o with a name that ends in {choices()}")
    return format_of(out)


def _check_not_itself(out: str, file: str) -> None:
    """Raises UsageError where the recording would be replaced by its export."""
    if Path(out).exists() and Path(file).exists() and Path(out).samefile(file):
        raise UsageError(f"writing {out}", "it is the recording itself", "give another name")


def _is_there(pattern: str, profile: Profile) -> bool:
    from gilprof.report.threads import matching, thread_names

    return bool(matching(thread_names(profile.sums().threads, profile.definitions), pattern).any())
