"""A profile as a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

import numpy as np

from gilprof import __version__
from gilprof.analysis.profile_sums import ProfileSums
from gilprof.analysis.sums import SectionSums
from gilprof.facts.definitions import Definitions
from gilprof.model import STATE_NAMES, Health, State, TargetInfo
from gilprof.report.answer.evidence import gather
from gilprof.report.answer.model import Answer
from gilprof.report.answer.weigh import answer
from gilprof.report.answer.words import sentence
from gilprof.report.blame import blame
from gilprof.report.children import busy_child, child_rows
from gilprof.report.episodes import FramePlaces, episodes, functions_of
from gilprof.report.function_rows import function_rows
from gilprof.report.functions import FunctionTable, place
from gilprof.report.groups import seconds
from gilprof.report.kernel_account import disagreement
from gilprof.report.model import (
    SCHEMA,
    Blame,
    Episodes,
    Function,
    Gil,
    Process,
    Report,
    Sampling,
    Section,
    Selection,
    Thread,
)
from gilprof.report.select import narrowed
from gilprof.report.session import leading, session_sentence
from gilprof.report.stacks import Forest
from gilprof.report.stalls import stall_rows
from gilprof.report.stays import functions_in, loop_rows, span_rows
from gilprof.report.threads import is_python, thread_names, thread_rows


class Profiled(Protocol):
    """What a report is made from: a Profile, or what a test makes up."""

    @property
    def info(self) -> TargetInfo:
        """The process."""

    @property
    def definitions(self) -> Definitions:
        """What the ids in the sums refer to."""

    @property
    def health(self) -> Health:
        """The sampler's account."""

    @property
    def ended(self) -> str | None:
        """How the target ended; None while it lives."""

    def sums(self) -> ProfileSums:
        """A snapshot."""


def build_report(profile: Profiled, selection: Selection | None = None, largest: int | None = None) -> Report:
    """The report on everything that ``profile`` has seen of its one process.

    A ``selection`` narrows the tables, never the sentence, the GIL's figures or the health. ``largest``: only so many
    rows of each table of blame, of which there may be as many as functions times functions.
    """
    return build_session_report({0: profile}, selection, largest)


def build_session_report(
    profiles: Mapping[int, Profiled], selection: Selection | None = None, largest: int | None = None
) -> Report:
    """The same on the processes of a session, by their numbers; at least one."""
    answered = [_process(number, profile, selection, largest) for number, profile in profiles.items()]
    processes = tuple(process for process, _ in answered)
    first, its_answer = answered[leading(processes)]
    return Report(
        schema=SCHEMA,
        gilprof=__version__,
        mode="sampled",
        backend=first.backend,
        sentence=session_sentence(processes),
        answer=its_answer,
        selection=selection,
        processes=processes,
    )


def _process(
    number: int, profile: Profiled, selection: Selection | None, largest: int | None
) -> tuple[Process, Answer]:
    sums, definitions = profile.sums(), profile.definitions
    names = thread_names(sums.threads, definitions)
    table = FunctionTable(definitions, profile.info.stdlib)
    forest = Forest(definitions, table.row_of, table.unreadable)
    places = place(sums.nodes, table, forest)
    python = is_python(sums.threads)
    whole = thread_rows(sums.threads, definitions)
    seen = sums.threads.states_ns.sum(axis=1) > 0
    native_threads = np.maximum(sums.threads.folded, 1)[seen & ~python].sum()
    process = _without_tables(number, profile, sums, whole, int(native_threads))
    process = replace(process, busy_child=busy_child(process))
    answered = answer(process, gather(sums, definitions, table, places, names, python))

    shown, rows = sums, whole
    if selection is not None:
        shown, listed = narrowed(sums, names, selection)
        rows = thread_rows(shown.threads, definitions, listed)
    blamed = blame(shown, places, largest)
    own_places = FramePlaces(definitions, table)
    followed = episodes(sums, own_places, names, selection)
    stalled = stall_rows(sums, own_places)
    spans, loops = span_rows(sums, own_places), loop_rows(sums, own_places)
    named = functions_of(followed) | functions_in(spans, loops)
    named |= {row.function for row in stalled or () if row.function is not None}
    functions = function_rows(shown, table, forest, places, python, blamed, named)
    if selection is not None:
        rows, functions = _without_blocking(rows, functions)
    process = replace(
        process,
        sentence=sentence(answered),
        threads=rows,
        functions=functions,
        blame=blamed,
        episodes=followed,
        stalls=stalled,
        spans=spans,
        loops=loops,
    )
    return process, answered


def _without_tables(
    number: int, profile: Profiled, sums: ProfileSums, threads: tuple[Thread, ...], native_threads: int
) -> Process:
    """The process as far as its answer needs it."""
    info, health = profile.info, profile.health
    duration_s = seconds(sums.last_t_ns - sums.first_t_ns)
    started_ns = info.wall_anchor[0] + sums.first_t_ns - info.wall_anchor[1]
    return Process(
        id=number,
        pid=info.pid,
        command=info.command,
        python=info.python,
        build=info.build,
        process_started=_wall_clock(info.process_started),
        started=_wall_clock(started_ns / 1e9) if sums.passes else None,
        ended=profile.ended,
        duration_s=duration_s,
        observed_s=seconds(sums.observed_ns),
        unobserved_s=seconds(sums.unobserved_ns),
        stopped_s=seconds(sums.stopped_ns),
        sampling=_sampling(info, health, sums, duration_s),
        running_mean=_ratio(sums.running_ns, sums.observed_ns),
        disagreement=disagreement(threads, sums.passes, (_ratio(sums.gil.switches, duration_s) or 0.0)),
        native_threads=native_threads,
        interpreters_seen=health.interpreters,
        gils=(_gil(info, sums),),
        threads=threads,
        functions=(),
        blame=Blame((), (), ()),
        sections=tuple(_section(section) for section in sums.sections),
        episodes=Episodes((), (), ()),
        stalls=None,
        stall_limit_s=None if sums.stalls is None else seconds(sums.stalls.limit_ns),
        stall_count=None if sums.stalls is None else sums.stalls.count,
        spans=(),
        loops=(),
        backend=profile.info.backend,
        captured=profile.info.captured,
        children=child_rows(sums.children, seconds(sums.children_ns)),
    )


def _sampling(info: TargetInfo, health: Health, sums: ProfileSums, duration_s: float) -> Sampling:
    states = sums.threads.states_ns
    return Sampling(
        asked_hz=info.asked_hz,
        rate_hz=_ratio(sums.passes, duration_s),
        passes=sums.passes,
        missed=max(round(info.asked_hz * duration_s - sums.spared) - sums.passes, 0),
        torn=sums.torn,
        unknown=_ratio(float(states[:, State.UNKNOWN].sum()), float(states.sum())),
        dropped=health.dropped,
        read_errors=health.read_errors,
        truncated_stacks=health.truncated_stacks,
        sampler_cpu_s=seconds(health.sampler_cpu_ns),
        drain_cpu_s=None if health.drain_cpu_ns is None else seconds(health.drain_cpu_ns),
        limited_hz=health.limited_hz,
        aimed_hz=info.asked_hz - sums.spared / duration_s if duration_s else None,
        short_slice=health.short_slice,
        unclaimed=health.unclaimed,
    )


def _section(sums: SectionSums) -> Section:
    states_s = {name: seconds(sums.states_ns[state]) for state, name in enumerate(STATE_NAMES)}
    return Section(sums.name, sums.count, seconds(sums.wall_ns), states_s)


def _gil(info: TargetInfo, sums: ProfileSums) -> Gil:
    gil, observed_ns = sums.gil, sums.observed_ns
    return Gil(
        id=0,
        interpreters=(0,),
        enabled=True,
        switch_interval_s=seconds(info.switch_interval_ns),
        switches=gil.switches,
        held=_ratio(gil.held_ns, observed_ns),
        held_blocked=_ratio(gil.held_blocked_ns, observed_ns),
        handover=_ratio(gil.handover_ns, observed_ns),
        torn=_ratio(gil.torn_ns, observed_ns),
        contended=_ratio(gil.contended_ns, observed_ns),
        waiters_mean=_ratio(gil.waiting_ns, observed_ns),
    )


def _without_blocking(
    threads: tuple[Thread, ...], functions: tuple[Function, ...]
) -> tuple[tuple[Thread, ...], tuple[Function, ...]]:
    """In how much of the time at least one of the selected waited was not summed up."""
    return (
        tuple(replace(thread, blocking_s=None) for thread in threads),
        tuple(replace(function, blocking_s=None) for function in functions),
    )


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def _wall_clock(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="microseconds")
