"""``gilprof report``: the sentence and the tables of a recording."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from gilprof.cli.options import DURATION, DURATION_OR_ZERO, no_color
from gilprof.cli.output import complain, print_out, styled, width
from gilprof.errors import UsageError

if TYPE_CHECKING:
    from gilprof.recording.reader import Recording
    from gilprof.report.model import Selection


@click.command()
@click.argument("file")
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output instead of the text.")
@click.option(
    "--from",
    "from_s",
    callback=DURATION_OR_ZERO,
    metavar="TIME",
    default="0",
    help="Seconds into the recording to begin at.",
)
@click.option("--to", "to_s", callback=DURATION, metavar="TIME", help="Seconds into the recording to end at.")
@click.option("--thread", metavar="PATTERN", help="Only threads of this name, and waits that they are part of.")
@click.option("--waiter", metavar="PATTERN", help="Only waits of threads of this name.")
@click.option("--holder", metavar="PATTERN", help="Only waits for threads of this name.")
@click.option("--salvage", is_flag=True, help="Leave damaged parts out and count them.")
@no_color
def report(
    file: str,
    as_json: bool,
    from_s: float,
    to_s: float | None,
    thread: str | None,
    waiter: str | None,
    holder: str | None,
    salvage: bool,
    no_color: bool,
) -> None:
    """Report on the recording FILE."""
    from gilprof.analysis.profile import Profile
    from gilprof.recording.reader import Recording
    from gilprof.recording.replay import ReplaySource
    from gilprof.report.build import build_report
    from gilprof.report.json import dumps
    from gilprof.report.select import Window

    if to_s is not None and to_s <= from_s:
        raise UsageError(f"reporting from {from_s:g} s to {to_s:g} s", "that is no time", "give a later --to")
    recording = Recording.open(file, salvage=salvage)
    with closing(ReplaySource(recording)) as source:
        profile, window = Profile(source.info), Window(from_s, to_s)
        while (batch := source.drain()) is not None:
            profile.add(window.cut(batch))
        profile.finish()
    _tell_left_out(recording)
    made = build_report(profile, _selection(thread, waiter, holder))
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


def _tell_left_out(recording: Recording) -> None:
    left_out = recording.left_out
    if left_out.torn_tail_bytes:
        complain(f"the last {left_out.torn_tail_bytes} bytes of the recording are cut off and left out")
    if left_out.damaged_chunks:
        complain(
            f"{left_out.damaged_chunks} damaged chunks ({left_out.damaged_bytes} bytes) of the recording are left out"
        )
