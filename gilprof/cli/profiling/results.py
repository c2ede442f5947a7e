"""What becomes of a profile: the text or JSON that is printed, and the files that were asked for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TextIO

from gilprof.cli.exporting.endings import format_or_recording, write_export
from gilprof.cli.files import check_new, check_writable, write_file
from gilprof.cli.options import ProfileOptions
from gilprof.cli.output import styled, width
from gilprof.cli.profiling.stall_command import words_of
from gilprof.errors import FileError, GilprofError, UsageError
from gilprof.units import format_rate, format_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gilprof.analysis.session import SessionProfile
    from gilprof.exporters.timeline import Timeline
    from gilprof.model import TargetInfo
    from gilprof.report.model import Report

INSTEAD_OF_TEXT = "-"
"""As the file for JSON."""


LEAST_STALL_GAPS = 3
"""A stall is told apart from the shorter waits around it where it lasts so many gaps between passes."""


def check_together(options: ProfileOptions) -> None:
    """Raises UsageError for options that make no sense together."""
    if options.on_stall is not None:
        words_of(options.on_stall)
        if options.stall is None:
            raise UsageError("running a command on a stall", "nothing says what a stall is", "give --stall 50ms")
    if options.stall is not None and options.stall * options.rate.hz < LEAST_STALL_GAPS:
        raise UsageError(
            f"telling stalls of {format_seconds(options.stall)}",
            f"at {format_rate(options.rate.hz)} that is less than {LEAST_STALL_GAPS} gaps between passes",
            f"give --rate {math.ceil(LEAST_STALL_GAPS / options.stall)} or a longer --stall",
        )


class Results:
    """The results of one profile, as its options want them."""

    def __init__(self, options: ProfileOptions) -> None:
        """Raises UsageError or FileError for files that could not be written in the end."""
        self._options = options
        check_together(options)
        self._format = None if options.output is None else format_or_recording(options.output)
        if options.keep is not None and self._format is not None:
            raise UsageError("keeping the last part", "-o is an export", "give a FILE that ends in .gilprof")
        if options.output is not None:
            check_new(options.output, options.force)
        if options.json_file is not None and options.json_file != INSTEAD_OF_TEXT:
            check_writable(options.json_file)

    @property
    def recording(self) -> str | None:
        """The recording that was asked for; None where ``-o`` is an export, or not there."""
        return self._options.output if self._format is None else None

    @property
    def in_order(self) -> bool:
        """Whether the export needs what happened when, besides sums."""
        return self._format is not None and self._format.time_ordered

    @property
    def exports(self) -> bool:
        """Whether ``-o`` is an export."""
        return self._format is not None

    def watched(self, info: TargetInfo) -> str | None:
        """The line for ``-v`` about what is being watched; None where nobody wants it."""
        if not self._options.verbose or self._options.quiet:
            return None
        asked = format_rate(info.asked_hz)
        return f"watching process {info.pid}, Python {info.python} ({info.build}), {asked}"

    def text(self, report: Report, stream: TextIO, seen: bool = False) -> str:
        """What is printed on ``stream``; the sentence alone for people who have ``seen`` the rest."""
        from gilprof.report.json import dumps
        from gilprof.report.text import answer_text, report_text

        if self._options.json_file == INSTEAD_OF_TEXT:
            return dumps(report)
        shown = answer_text if seen else report_text
        return shown(report, width(stream), styled(self._options.no_color, stream))

    def write_files(self, session: SessionProfile, timelines: Sequence[Timeline], report: Report) -> list[GilprofError]:
        """JSON and export; what could not be written. ``timelines``: as ``ProfileTaking`` has them."""
        from gilprof.report.json import dumps

        options, failures = self._options, list[GilprofError]()
        try:
            if options.json_file is not None and options.json_file != INSTEAD_OF_TEXT:
                write_file(options.json_file, [dumps(report).encode()])
        except FileError as error:
            failures.append(error)
        try:
            if options.output is not None and self._format is not None:
                write_export(self._format, session.processes, timelines, options.output, options.force)
        except (FileError, UsageError) as error:
            failures.append(error)
        return failures
