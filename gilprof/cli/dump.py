"""``gilprof dump``: every thread now."""

from __future__ import annotations

from contextlib import closing

import click

from gilprof.cli.options import JsonCommand, no_color, process_id
from gilprof.cli.output import print_out, styled, width
from gilprof.cli.profiling.sources import Rate, open_source
from gilprof.errors import NoSuchProcess

DUMP_RATE_HZ = 1000.0
DUMP_DURATION_S = 0.5
FEW_PASSES = 20
"""With so few in ``DUMP_DURATION_S``, as where a process has thousands of threads, a dump goes on."""
LONGER_DURATION_S = 1.5
"""For how much longer it goes on."""


@click.command(cls=JsonCommand)
@process_id
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output instead of the text; also --json -.")
@no_color
@click.pass_context
def dump(ctx: click.Context, pid: int, as_json: bool, no_color: bool) -> None:
    """Show every thread of process PID now.

    What each did in the last half second, its stack with lines, who has the GIL, and who waits for whom.
    """
    from gilprof.analysis.profile import Profile
    from gilprof.cli.profiling.observe import observe, stop_on_signals
    from gilprof.model import Batch
    from gilprof.report.dump import LastLooks, build_dump, dump_text
    from gilprof.report.json import dumps

    with stop_on_signals() as stop, closing(open_source(ctx, pid, Rate(DUMP_RATE_HZ))) as source:
        profile, last = Profile(source.info), LastLooks()

        def take(batch: Batch) -> None:
            profile.add(batch)
            last.add(batch)

        observe(source, take, DUMP_DURATION_S, stop)
        if profile.health.passes < FEW_PASSES and profile.ended is None and not stop.profile_over:
            observe(source, take, LONGER_DURATION_S, stop)
    profile.finish()
    if profile.ended is not None and profile.sums().passes == 0:
        raise NoSuchProcess(f"observing process {pid}", "it ended before a first look")
    made = build_dump(profile, last)
    print_out(dumps(made) if as_json else dump_text(made, width(), styled(no_color)))
