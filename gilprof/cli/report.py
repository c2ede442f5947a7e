"""``gilprof report``: the sentence and the tables of a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gilprof.cli.options import SPAN, STALL, JsonCommand, no_color
from gilprof.cli.output import print_out, styled, width
from gilprof.cli.replayed import Asked, recording_options, replayed

if TYPE_CHECKING:
    from gilprof.report.model import Selection
    from gilprof.units import Moment


@click.command(cls=JsonCommand)
@recording_options
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output instead of the text; also --json -.")
@click.option("--thread", metavar="PATTERN", help="Only threads of this name, and waits that they are part of.")
@click.option("--waiter", metavar="PATTERN", help="Only waits of threads of this name.")
@click.option("--holder", metavar="PATTERN", help="Only waits for threads of this name.")
@STALL
@SPAN
@no_color
def report(
    file: str,
    from_s: Moment,
    to_s: Moment | None,
    salvage: bool,
    pid: int | None,
    as_json: bool,
    stall: float | None,
    span: tuple[str, ...],
    thread: str | None,
    waiter: str | None,
    holder: str | None,
    no_color: bool,
) -> None:
    """Report on the recording FILE."""
    from gilprof.report.build import build_session_report
    from gilprof.report.json import dumps

    read = replayed(file, from_s, to_s, salvage, Asked(pid, stall=stall, span=span))
    made = build_session_report(read.profiles, _selection(thread, waiter, holder))
    if as_json:
        print_out(dumps(made))
        return
    from gilprof.report.text import report_text

    print_out(report_text(made, width(), styled(no_color)))


def _selection(thread: str | None, waiter: str | None, holder: str | None) -> Selection | None:
    from gilprof.report.model import Selection

    if thread is None and waiter is None and holder is None:
        return None
    return Selection(thread, waiter, holder)
