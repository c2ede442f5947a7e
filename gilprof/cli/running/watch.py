"""The profile of a program that gilprof has started, told on standard error when the program has ended."""

from __future__ import annotations

import contextlib
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field

import click
import numpy as np

from gilprof.analysis.session import SessionProfile
from gilprof.cli.options import ProfileOptions
from gilprof.cli.output import complain
from gilprof.cli.profiling.flight_recorder import FlightRecorder
from gilprof.cli.profiling.live import LiveView
from gilprof.cli.profiling.messages import Messages
from gilprof.cli.profiling.observe import Take, drain_every_s, observe, wait
from gilprof.cli.profiling.recorder import Recorder, open_recorder
from gilprof.cli.profiling.results import Results
from gilprof.cli.profiling.taking import ProfileTaking
from gilprof.cli.running.attendance import Attendance
from gilprof.cli.running.program_terminal import ProgramTerminal
from gilprof.cli.running.started_source import StartedSource, open_started
from gilprof.errors import FileError, GilprofError, SamplerFailed
from gilprof.model import LOOK_DTYPE, PASS_DTYPE, Batch, TargetInfo
from gilprof.report.build import build_session_report
from gilprof.sources.base import Source
from gilprof.target.launch import Launched


@dataclass
class Watch:
    """One profile, taken while the program runs. What fails is kept, to be told in the end."""

    program: Launched
    attendance: Attendance
    options: ProfileOptions
    recording: str | None
    in_order: bool = False
    """What happened when is wanted as well."""
    terminal: ProgramTerminal | None = None
    """The program's own; with it there is a live view."""
    taken: ProfileTaking | None = None
    """None until there is a pass in it."""
    recorded: bool = False
    """Whether ``recording`` is complete."""
    notes: list[str] = field(default_factory=list)

    def run(self, ctx: click.Context) -> None:
        """Until the duration is over or the program has ended. Never raises what the system may answer."""
        try:
            wait(self.options.delay, self.attendance)
            with closing(open_started(ctx, self.program.pid, self.options.rate, self.attendance)) as source:
                self._observe(source)
        except (GilprofError, OSError, RuntimeError) as error:  # RuntimeError: what C++ throws
            self.notes.append(f"no profile: {error}")

    def tell(self, results: Results) -> None:
        """Write the files; then, on standard error, what went wrong, the report, and where it is recorded."""
        report = None
        if self.taken is not None:
            session = self.taken.session
            report = build_session_report(session.processes)
            self.notes += map(str, results.write_files(session, self.taken.timelines, report))
            watched = results.watched(session.first.info)
            self.notes += [] if watched is None else [watched]
        # Nobody may be there to read it: a terminal that was closed must not change the program's status.
        with contextlib.suppress(OSError):
            for note in self.notes:
                complain(note)
            if report is not None and sys.stderr is not None:
                click.echo(results.text(report, sys.stderr, seen=self.terminal is not None), err=True, nl=False)
            if self.recorded and not self.options.quiet:
                complain(f"recorded in {self.recording}; gilprof report {self.recording} shows it again")

    def _observe(self, source: Source) -> None:
        messages = Messages(at_once=self.terminal is None)
        with self._recorder(source.info) as recorder:
            live = self.terminal is not None
            taking = ProfileTaking(source.info, self.options, recorder, messages, self.in_order, live)
            profile = taking.session.first
            try:
                self._look_at(source, taking.session, taking.take)
            except SamplerFailed as error:
                self.notes.append(str(error))
            taking.rest()
            reason = self.program.end_reason()
            if reason is not None and profile.ended is None:  # known here before the next pass would tell
                nothing = np.empty(0, PASS_DTYPE), np.empty(0, LOOK_DTYPE)
                taking.take(Batch(*nothing, health=profile.health, ended=reason))
            taking.finish()
            messages.rest()
        if profile.sums().passes:
            self.taken = taking
            self.recorded = self.recording is not None and not recorder.failed
        else:
            self.notes.append(f"no profile: process {profile.info.pid} ended before a first look")
        if profile.ended == "exec":
            self.notes.append("the program executed another one: the profile ends there; run that one to see it")

    def _look_at(self, source: Source, session: SessionProfile, take: Take) -> None:
        """Until the duration is over or the program has ended; the live view may be left before."""
        began, duration_s = time.monotonic(), self.options.duration
        if self.terminal is not None:
            ending = StartedSource(source, self.program)
            view = LiveView(self.options, self.recording, self.terminal)
            view.show(ending, session, take, duration_s, self.attendance)
            if session.first.ended is None:
                complain("the live view has ended, the program goes on: its terminal is this one now")
        if session.first.ended is None:
            left_s = None if duration_s is None else max(duration_s - (time.monotonic() - began), 0.0)
            observe(source, take, left_s, self.attendance, drain_every_s(self.options))

    def _recorder(self, info: TargetInfo) -> Recorder | FlightRecorder:
        try:
            return open_recorder(self.recording, info, self.options, self.attendance, self.notes.append)
        except FileError as error:
            self.notes.append(f"{error}; the profile is without a recording")
            self.recording = None
            return Recorder(None, info, self.options.force)
