"""``gilprof attach``: watch a running process."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gilprof.cli.export_file import check_new, format_or_recording, write_export
from gilprof.cli.options import DURATION, DURATION_OR_ZERO, RATE, no_color, process_id
from gilprof.cli.output import check_writable, complain, print_out, styled, width, write_file
from gilprof.cli.sources import open_source
from gilprof.errors import NoSuchProcess
from gilprof.units import format_rate

if TYPE_CHECKING:
    from gilprof.analysis.profile import Profile
    from gilprof.model import Batch


@click.command()
@process_id
@click.option(
    "-r",
    "--rate",
    callback=RATE,
    metavar="RATE",
    default="1000",
    show_default=True,
    help="Passes a second: 1000, 1khz.",
)
@click.option(
    "-d",
    "--duration",
    callback=DURATION,
    metavar="TIME",
    help="How long: 5, 5s, 2m; else until the target ends or Ctrl-C.",
)
@click.option(
    "--delay", callback=DURATION_OR_ZERO, metavar="TIME", default="0", help="Wait so long before the profile begins."
)
@click.option("-o", "--output", metavar="FILE", help="A recording (.gilprof), or an export by its ending.")
@click.option("--force", is_flag=True, help="Replace FILE where it exists.")
@click.option("--json", "json_file", metavar="FILE", help="The report as JSON; -: on standard output, no text.")
@click.option("--no-live", is_flag=True, expose_value=False, help="A progress line, and the report at the end.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no notes.")
@click.option("-v", "--verbose", is_flag=True, help="Say what is being watched.")
@no_color
@click.pass_context
def attach(
    ctx: click.Context,
    pid: int,
    rate: float,
    duration: float | None,
    delay: float,
    output: str | None,
    force: bool,
    json_file: str | None,
    quiet: bool,
    verbose: bool,
    no_color: bool,
) -> None:
    """Watch the running process PID, and report on its GIL.

    The process is never stopped and never written to. Ctrl-C ends the profile, not the data.
    """
    from gilprof.analysis.profile import Profile
    from gilprof.cli.observe import Progress, observe, stop_on_signals, wait
    from gilprof.cli.recorder import Recorder

    exported = None if output is None else format_or_recording(output)
    if output is not None and exported is not None:
        check_new(output, force)
    if json_file is not None and json_file != "-":
        check_writable(json_file)
    with stop_on_signals() as stop:
        if delay:
            _check_exists(pid)
            wait(delay, stop)
        recording = output if exported is None else None
        with closing(open_source(ctx, pid, rate)) as source, Recorder(recording, source.info, force) as recorder:
            if verbose and not quiet:
                info = source.info
                complain(f"watching process {pid}, Python {info.python} ({info.build}), {format_rate(rate)}")
            profile, progress = Profile(source.info), Progress(quiet)

            def take(batch: Batch) -> None:
                recorder.take(batch)
                profile.add(batch)
                progress.take(batch)

            observe(source, take, duration, stop)
            progress.end()
        profile.finish()
        _tell(profile, json_file, no_color)
        if output is not None and exported is not None:
            write_export(exported, profile, output, force)
    if recorder.failed:
        ctx.exit(1)


def _tell(profile: Profile, json_file: str | None, no_color: bool) -> None:
    from gilprof.report.build import build_report
    from gilprof.report.json import dumps

    if profile.ended is not None and profile.sums().passes == 0:
        raise NoSuchProcess(f"observing process {profile.info.pid}", "it ended before a first look")
    report = build_report(profile)
    if json_file == "-":
        print_out(dumps(report))
        return
    from gilprof.report.text import report_text

    print_out(report_text(report, width(), styled(no_color)))
    if json_file is not None:
        write_file(json_file, dumps(report))


def _check_exists(pid: int) -> None:
    """Not to wait for nothing. Raises NoSuchProcess."""
    if not Path(f"/proc/{pid}").exists():
        raise NoSuchProcess(f"attaching to process {pid}", "there is no such process", "check the number")
