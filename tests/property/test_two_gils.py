"""A process with two GILs is two processes of one GIL: what the threads of one do changes nothing for the other's."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gilprof.analysis.episodes.lengths import WORST
from gilprof.analysis.profile import Profile
from gilprof.facts.passes import begins_pass
from gilprof.model import Batch
from gilprof.recording.reader import Recording
from gilprof.recording.writer import RecordingWriter
from gilprof.report.build import build_process, build_report
from gilprof.report.json import as_json
from gilprof.report.model import Process
from tests.property.test_classify import facts, laws
from tests.support.facts import INFO, cut, joined, of_two_gils
from tests.support.laws import check_laws

STALL_NS = 2_000_000
SPANS = ("work", "call")
few = settings(laws, max_examples=25)
"""Facts of two GILs take twice as long to draw."""


def profiled(*batches: Batch, stall_ns: int | None = None, spans: tuple[str, ...] = ()) -> Profile:
    profile = Profile(INFO, stall_ns=stall_ns, spans=spans)
    for batch in batches:
        profile.add(batch)
    profile.finish()
    return profile


def figures(profile: Profile) -> Any:
    """Times, GILs, threads and who waited for whom, as JSON; the order of rows, that in which they were first met, says
    nothing."""
    values = as_json(build_process(profile))
    kept = ("observed_s", "unobserved_s", "stopped_s", "running_mean", "native_threads", "gils", "threads")
    return _sorted({**{key: values[key] for key in kept}, "waits": values["blame"]["threads"]})


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(part) for key, part in value.items()}
    if isinstance(value, list):
        return sorted(map(_sorted, value), key=repr)
    # Sums of floats go by the order of what is summed.
    return round(value, 9) if isinstance(value, float) else value


def stalls(process: Process) -> list[tuple[Any, ...]]:
    return sorted(
        (stall.start_s, stall.seconds, str(stall.holder), str(stall.victims)) for stall in process.stalls or ()
    )


@few
@given(facts(), facts())
def test_each_gil_has_the_figures_that_it_has_alone(first: Batch, second: Batch) -> None:
    both, one, other = of_two_gils(first, second)
    together, *alone = (profiled(batch, stall_ns=STALL_NS, spans=SPANS) for batch in (both, one, other))
    sums = together.sums()
    assert sums.gils == {**alone[0].sums().gils, **alone[1].sums().gils}
    assert set(sums.gils) == {0, 1}
    for profile in alone:
        own = profile.sums()
        assert (sums.observed_ns, sums.unobserved_ns, sums.stopped_ns) == (
            own.observed_ns,
            own.unobserved_ns,
            own.stopped_ns,
        )
        assert sums.passes == own.passes
    assert sums.running_ns == sum(profile.sums().running_ns for profile in alone)
    process, *processes = (build_process(profile) for profile in (together, *alone))
    assert {thread.id: thread for thread in process.threads} == {
        thread.id: thread for each in processes for thread in each.threads
    }
    worst = [worst for each in processes for worst in each.episodes.worst]
    assert all(each in worst for each in process.episodes.worst)
    assert len(process.episodes.worst) == len(worst) or len(worst) > WORST
    assert stalls(process) == sorted(stall for each in processes for stall in stalls(each))
    for span, *spans in zip(process.spans, *(each.spans for each in processes), strict=True):
        assert span.seen == sum(each.seen for each in spans)


@few
@given(facts(), facts(), st.data())
def test_batches_do_not_matter(first: Batch, second: Batch, data: st.DataObject) -> None:
    both, _, _ = of_two_gils(first, second)
    whole = profiled(both)
    parts = cut(both, data.draw(st.sets(st.integers(0, len(both.passes) // 2)).map(lambda rows: [2 * r for r in rows])))
    assert figures(profiled(*parts)) == figures(whole)
    check_laws(as_json(build_report(whole)), sigmas=None)


@few
@given(facts(), facts())
def test_a_recording_keeps_them_apart(first: Batch, second: Batch) -> None:
    both, _, _ = of_two_gils(first, second)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "two.gilprof"
        with RecordingWriter(path, INFO) as writer:
            writer.write(both)
        with Recording.open(path) as recording:
            again = joined(list(recording.batches()))
    np.testing.assert_array_equal(again.passes["domain"], both.passes["domain"])
    np.testing.assert_array_equal(again.looks, both.looks)
    assert figures(profiled(again)) == figures(profiled(both))


@few
@given(facts(), facts())
def test_rows_of_a_pass(first: Batch, second: Batch) -> None:
    both, one, _ = of_two_gils(first, second)
    assert begins_pass(one.passes).all()
    np.testing.assert_array_equal(begins_pass(both.passes), both.passes["domain"] == 0)
