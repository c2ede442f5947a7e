"""``gilprof export``: a recording in another tool's format."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gilprof.cli.export_file import choices, compressed, format_of, timeline_for
from gilprof.cli.files import check_new, write_file
from gilprof.cli.output import complain, is_terminal, write_out
from gilprof.cli.replayed import Asked, recording_options, replayed
from gilprof.errors import UsageError
from gilprof.exporters import FORMATS, Format, by_name

if TYPE_CHECKING:
    from gilprof.analysis.profile import Profile
    from gilprof.model import State
    from gilprof.units import Moment

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
@click.option(
    "--kind",
    type=click.Choice(["states", "block", "mutex"]),
    help="pprof: time by state (default), waiting by the waiter's stack, or by the stack of who had the GIL.",
)
@click.option(
    "--state-as",
    type=click.Choice(["leaf", "root", "files"]),
    help="collapsed: the state as innermost frame (default), as outermost, or a file each: OUT with the state in it.",
)
def export(
    file: str,
    from_s: Moment,
    to_s: Moment | None,
    salvage: bool,
    name: str | None,
    output: str | None,
    force: bool,
    states: tuple[State, ...],
    thread: str | None,
    kind: str | None,
    state_as: str | None,
) -> None:
    """Write the recording FILE in another format.

    flamegraph (.html): one page that needs nothing else. collapsed (.collapsed, .txt): a line a stack and
    state, for flamegraph.pl and inferno. speedscope (.speedscope.json), firefox (.firefox.json) for
    profiler.firefox.com, chrome (.trace.json) for Perfetto, pprof (.pb.gz) for go tool pprof.
    """
    from gilprof.exporters.narrowing import Narrowing

    out = None if output == STANDARD_OUTPUT else output
    chosen = _format(name, out)
    options = _options(chosen, kind=kind, state_as=state_as)
    files = _files(out, states, state_as)
    for path in files:
        _check_not_itself(path, file)
        check_new(path, force)
    if output is None and not chosen.for_terminals and is_terminal(sys.stdout):
        raise UsageError(f"exporting as {chosen.name}", "that is nothing to read on a terminal", "name a file with -o")
    timeline = timeline_for(chosen)
    profile = replayed(file, from_s, to_s, salvage, Asked(timeline))
    if thread is not None and not _is_there(thread, profile):
        complain(f"no thread is named {thread}: the export is empty")
    if out is None:
        write_out(chosen.export(profile, Narrowing(states, thread), timeline, **options))
    for path, kept in files.items():
        pieces = chosen.export(profile, Narrowing(kept, thread), timeline, **options)
        write_file(path, compressed(chosen, path, pieces), force)


def _options(chosen: Format, **given: str | None) -> dict[str, str]:
    """Those that were given. Raises UsageError for one that the format does not take."""
    options = {name: value for name, value in given.items() if value is not None}
    for name in options:
        if name != chosen.takes:
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"exporting as {chosen.name}", f"it takes no {option}", f"leave {option} away")
    return options


def _files(out: str | None, states: tuple[State, ...], state_as: str | None) -> dict[str, tuple[State, ...]]:
    """The states in each file to write. Raises UsageError."""
    if state_as != "files":
        return {} if out is None else {out: states}
    if out is None:
        raise UsageError("exporting a file each state", "they have no name", "name them with -o")
    stem, ending = Path(out).stem, Path(out).suffix
    return {str(Path(out).with_name(f"{stem}.{state.name.lower()}{ending}")): (state,) for state in states}


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
