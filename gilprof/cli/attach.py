"""``gilprof attach``: watch a running process."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gilprof.cli.options import ProfileOptions, process_id, profile_options
from gilprof.cli.output import complain, print_out
from gilprof.cli.profiling.results import Results
from gilprof.cli.profiling.sources import open_source
from gilprof.errors import NoSuchProcess, SamplerFailed, UsageError

if TYPE_CHECKING:
    from gilprof.model import Batch


@click.command()
@process_id
@profile_options("A recording (.gilprof), or an export by its ending.", live_by_default="live on a terminal")
@click.pass_context
def attach(ctx: click.Context, pid: int, options: ProfileOptions) -> None:
    """Watch the running process PID, and report on its GIL.

    The process is never stopped and never written to. Ctrl-C ends the profile, not the data.
    """
    from gilprof.cli.profiling.live import LiveView, is_live
    from gilprof.cli.profiling.messages import Messages
    from gilprof.cli.profiling.observe import Progress, drain_every_s, observe, stop_on_signals, wait
    from gilprof.cli.profiling.recorder import open_recorder
    from gilprof.cli.profiling.taking import ProfileTaking
    from gilprof.report.build import build_session_report

    results = Results(options)
    if options.keep is not None and options.output is None:
        raise UsageError("keeping the last part", "there is no file to write it to", "give -o FILE.gilprof")
    live = is_live(options, by_default=True)
    messages = Messages(at_once=not live)
    with stop_on_signals(options.keep is not None) as stop:
        if options.delay:
            _check_exists(pid)
            wait(options.delay, stop)
        with (
            closing(open_source(ctx, pid, options.rate)) as source,
            open_recorder(results.recording, source.info, options, stop, messages.note) as recorder,
        ):
            watched = results.watched(source.info)
            if watched is not None:
                complain(watched)
            taking = ProfileTaking(source.info, options, recorder, messages, results.in_order, live)
            session = taking.session
            progress = Progress(options.quiet or live)
            messages.before = progress.clear

            def take(batch: Batch) -> None:
                taking.take(batch)
                progress.take(batch)

            whole = True
            try:
                if live:
                    whole = LiveView(options, results.recording).show(source, session, take, options.duration, stop)
                else:
                    observe(source, take, options.duration, stop, drain_every_s(options))
            except SamplerFailed as error:
                whole = False
                messages.note(str(error))
            progress.clear()
            taking.finish()
        messages.rest()
        if session.first.ended is not None and session.first.sums().passes == 0:
            raise NoSuchProcess(f"observing process {pid}", "it ended before a first look")
        report = build_session_report(session.processes)
        print_out(results.text(report, sys.stdout, seen=live))
        failures = results.write_files(session, taking.timelines, report)
        for failure in failures:
            complain(str(failure))
    if recorder.failed or failures or not whole:
        ctx.exit(1)


def _check_exists(pid: int) -> None:
    """Not to wait for nothing. Raises NoSuchProcess."""
    if not Path(f"/proc/{pid}").exists():
        raise NoSuchProcess(f"attaching to process {pid}", "there is no such process", "check the number")
