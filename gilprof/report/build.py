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
from gilprof.model import FIRST_PROCESS, STATE_NAMES, Health, State, TargetInfo
from gilprof.report.answer.evidence import gather
from gilprof.report.answer.model import NOTHING_SAID
from gilprof.report.answer.weigh import answer
from gilprof.report.answer.words import sentence
from gilprof.report.blame import blame
from gilprof.report.children import busy_child, child_rows
from gilprof.report.episodes import FramePlaces, episodes, functions_of
from gilprof.report.function_rows import function_rows
from gilprof.report.functions import FunctionTable, place
from gilprof.report.gils import gil_rows, leading_gil
from gilprof.report.groups import ratio, seconds
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

    A ``selection`` narrows the tables, never the sentence, the GILs' figures or the health. ``largest``: only so many
    rows of each table of blame, of which there may be as many as functions times functions.
    """
    return build_session_report({FIRST_PROCESS: profile}, selection, largest)


def build_session_report(
    profiles: Mapping[int, Profiled], selection: Selection | None = None, largest: int | None = None
) -> Report:
    """The same on the processes of a session, by their numbers; at least one."""
    processes = tuple(build_process(profile, number, selection, largest) for number, profile in profiles.items())
    first = processes[leading(processes)]
    return Report(
        schema=SCHEMA,
        gilprof=__version__,
        mode="sampled",
        backend=first.backend,
        sentence=session_sentence(processes),
        answer=first.answer,
        selection=selection,
        processes=processes,
    )


def build_process(
    profile: Profiled, number: int = FIRST_PROCESS, selection: Selection | None = None, largest: int | None = None
) -> Process:
    """The one process of ``profile`` as a report has it; ``number``: its id."""
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
    evidence = gather(_of_one_gil(sums, leading_gil(process)), definitions, table, places, names, python)
    process = replace(process, answer=answer(process, evidence))

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
    return replace(
        process,
        sentence=sentence(process.answer),
        threads=rows,
        functions=functions,
        blame=blamed,
        episodes=followed,
        stalls=stalled,
        spans=spans,
        loops=loops,
    )


def _without_tables(
    number: int, profile: Profiled, sums: ProfileSums, threads: tuple[Thread, ...], native_threads: int
) -> Process:
    """The process as far as its answer needs it."""
    info, health = profile.info, profile.health
    duration_s = seconds(sums.last_t_ns - sums.first_t_ns)
    switches = sum(gil.switches for gil in sums.gils.values())
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
        running_mean=ratio(sums.running_ns, sums.observed_ns),
        disagreement=disagreement(threads, sums.passes, ratio(switches, duration_s) or 0.0),
        native_threads=native_threads,
        interpreters_seen=health.interpreters,
        gils=gil_rows(info, profile.definitions, sums),
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
        answer=NOTHING_SAID,
    )


def _of_one_gil(sums: ProfileSums, gil: Gil) -> ProfileSums:
    """``sums`` without the waiting for other GILs than this one."""
    if len(sums.gils) <= 1:
        return sums
    pairs, threads = sums.pairs, sums.threads
    ours = threads.domain == gil.id
    kept = ours[sums.nodes.thread[pairs.waiter]]
    states_ns, queued_in_ns = threads.states_ns.copy(), threads.queued_in_ns.copy()
    states_ns[~ours, State.WAITING] = queued_in_ns[~ours, State.WAITING] = 0.0
    return replace(
        sums,
        threads=replace(threads, states_ns=states_ns, queued_in_ns=queued_in_ns),
        pairs=pairs.part(kept),
    )


def _sampling(info: TargetInfo, health: Health, sums: ProfileSums, duration_s: float) -> Sampling:
    states = sums.threads.states_ns
    return Sampling(
        asked_hz=info.asked_hz,
        rate_hz=ratio(sums.passes, duration_s),
        passes=sums.passes,
        missed=max(round(info.asked_hz * duration_s - sums.spared) - sums.passes, 0),
        torn=sums.torn,
        unknown=ratio(float(states[:, State.UNKNOWN].sum()), float(states.sum())),
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


def _without_blocking(
    threads: tuple[Thread, ...], functions: tuple[Function, ...]
) -> tuple[tuple[Thread, ...], tuple[Function, ...]]:
    """In how much of the time at least one of the selected waited was not summed up."""
    return (
        tuple(replace(thread, blocking_s=None) for thread in threads),
        tuple(replace(function, blocking_s=None) for function in functions),
    )


def _wall_clock(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="microseconds")
