"""``gilprof export``: a recording in another tool's format."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from gilprof.cli.completion import recordings
from gilprof.cli.exporting.endings import check_takes_several, compressed
from gilprof.cli.exporting.plan import ALL, Part, check_folder, check_parts, make_folder, plan
from gilprof.cli.files import write_file
from gilprof.cli.output import complain, is_terminal, write_out
from gilprof.cli.replayed import Asked, recording_options, replayed
from gilprof.errors import UsageError
from gilprof.exporters import FORMATS

if TYPE_CHECKING:
    from gilprof.analysis.profile import Profile
    from gilprof.exporters.narrowing import Narrowing
    from gilprof.model import State
    from gilprof.report.build import Profiled
    from gilprof.units import Moment

STANDARD_OUTPUT = "-"
CHOOSE = "choose with --process PID"


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
@click.option(
    "-f",
    "--format",
    "name",
    metavar="FORMAT",
    type=click.Choice([*(known.name for known in FORMATS), ALL]),
    help="One of these; else OUT's ending.",
)
@click.option(
    "-o", "--output", metavar="OUT", help="The file to write, for all the folder; -: standard output, as without it."
)
@click.option("--force", is_flag=True, help="Replace OUT where it exists.")
@click.option("--state", "states", callback=_states, metavar="STATES", help="Only these: held,waiting.")
@click.option("--thread", metavar="PATTERN", help="Only threads of this name.")
@click.option(
    "--baseline",
    metavar="OLD",
    shell_complete=recordings,
    help="flamegraph: what is other than in this earlier recording.",
)
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
    pid: int | None,
    name: str | None,
    output: str | None,
    force: bool,
    states: tuple[State, ...],
    thread: str | None,
    baseline: str | None,
    kind: str | None,
    state_as: str | None,
) -> None:
    """Write the recording FILE in another format.

    flamegraph (.html): one page that needs nothing else. timeline (.timeline.html): the same with what happened
    when above it. collapsed (.collapsed, .txt): a line a stack and
    state, for flamegraph.pl and inferno. speedscope (.speedscope.json), firefox (.firefox.json) for
    profiler.firefox.com, chrome (.trace.json) for Perfetto, pprof (.pb.gz) for go tool pprof. all: every one of
    them into the folder OUT.
    """
    from gilprof.exporters.joined import as_one
    from gilprof.exporters.narrowing import Narrowing

    out = None if output == STANDARD_OUTPUT else output
    given = {"baseline": baseline, "kind": kind, "state_as": state_as}
    parts = plan(name, out, file, states, {option: value for option, value in given.items() if value is not None})
    folder = out if name == ALL else None
    if folder is None or check_folder(folder):
        check_parts(parts, file, force)
    first = parts[0].chosen
    if output is None and not first.for_terminals and is_terminal(sys.stdout):
        raise UsageError(f"exporting as {first.name}", "that is nothing to read on a terminal", "name a file with -o")
    in_order = any(part.chosen.time_ordered for part in parts)
    read = replayed(file, from_s, to_s, salvage, Asked(pid, in_order))
    profile, timeline = as_one(read.profiles, list(read.timelines.values()))
    several = len(read.profiles) > 1
    before = None if baseline is None else _baseline(baseline, salvage, several)
    if several and folder is not None:
        parts = _without_single(parts)
    elif several:
        check_takes_several(first, CHOOSE)
    if thread is not None and not _is_there(Narrowing(thread=thread, joined=several), profile):
        complain(f"no thread is named {thread}: the export is empty")
    if folder is not None:
        make_folder(folder)
    for part in parts:
        options: dict[str, str | Profiled] = {**part.options}
        if before is not None:
            options["baseline"] = before
        pieces = part.chosen.export(profile, Narrowing(part.states, thread, several), timeline, **options)
        if part.path is None:
            write_out(pieces)
        else:
            write_file(part.path, compressed(part.chosen, part.path, pieces), force)


def _baseline(file: str, salvage: bool, several: bool) -> Profile:
    """The process to compare with. Raises UsageError where either side has ``several``: which is which is not known."""
    profiles = replayed(file, 0, None, salvage).profiles
    if several or len(profiles) > 1:
        raise UsageError(
            f"comparing with {file}", "one of the two recordings has several processes", "compare those of one process"
        )
    return next(iter(profiles.values()))


def _without_single(parts: Sequence[Part]) -> list[Part]:
    """Those that can show several processes; the others are named on standard error."""
    kept = []
    for part in parts:
        try:
            check_takes_several(part.chosen, CHOOSE)
            kept.append(part)
        except UsageError as error:
            complain(f"{error}; the other formats are written")
    return kept


def _is_there(narrowing: Narrowing, profile: Profiled) -> bool:
    from gilprof.report.threads import thread_names

    return any(map(narrowing.wants, thread_names(profile.sums().threads, profile.definitions)))
