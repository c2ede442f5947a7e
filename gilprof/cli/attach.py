"""``gilprof attach``: watch a running process."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gilprof.cli.options import ProfileOptions, process_id, profile_options
from gilprof.cli.output import complain, print_out
from gilprof.cli.results import Results
from gilprof.cli.sources import open_source
from gilprof.errors import NoSuchProcess

if TYPE_CHECKING:
    from gilprof.model import Batch


@click.command()
@process_id
@profile_options("A recording (.gilprof), or an export by its ending.")
@click.pass_context
def attach(ctx: click.Context, pid: int, options: ProfileOptions) -> None:
    """Watch the running process PID, and report on its GIL.

    The process is never stopped and never written to. Ctrl-C ends the profile, not the data.
    """
    from gilprof.analysis.profile import Profile
    from gilprof.cli.observe import Progress, observe, stop_on_signals, wait
    from gilprof.cli.recorder import Recorder
    from gilprof.report.build import build_report

    results = Results(options)
    with stop_on_signals() as stop:
        if options.delay:
            _check_exists(pid)
            wait(options.delay, stop)
        with (
            closing(open_source(ctx, pid, options.rate)) as source,
            Recorder(results.recording, source.info, options.force) as recorder,
        ):
            watched = results.watched(source.info)
            if watched is not None:
                complain(watched)
            profile, progress = Profile(source.info, results.timeline), Progress(options.quiet)

            def take(batch: Batch) -> None:
                recorder.take(batch)
                profile.add(batch)
                progress.take(batch)

            observe(source, take, options.duration, stop)
            progress.end()
        profile.finish()
        if profile.ended is not None and profile.sums().passes == 0:
            raise NoSuchProcess(f"observing process {pid}", "it ended before a first look")
        report = build_report(profile)
        print_out(results.text(report, sys.stdout))
        failures = results.write_files(profile, report)
        for failure in failures:
            complain(str(failure))
    if recorder.failed or failures:
        ctx.exit(1)


def _check_exists(pid: int) -> None:
    """Not to wait for nothing. Raises NoSuchProcess."""
    if not Path(f"/proc/{pid}").exists():
        raise NoSuchProcess(f"attaching to process {pid}", "there is no such process", "check the number")
