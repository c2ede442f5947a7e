"""A parent that only waits: what its children use, and that they are named before anything else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gilprof.analysis.profile import Profile
from gilprof.analysis.sums.children import ENDED_KEPT, Children, grown
from gilprof.model import Batch, ChildSeen
from gilprof.recording.kept import KeptRecording
from gilprof.recording.reader import Recording
from gilprof.recording.writer import RecordingWriter
from gilprof.report.build import build_report
from gilprof.report.json import dumps
from gilprof.report.select import TimeCut
from gilprof.report.text import report_text
from gilprof.tui.words import first_lines
from tests.support.facts import INFO, Script

SECOND_NS = 1_000_000_000
PARENT = INFO.pid


def child(t_s: float, cpu_s: float, number: int = 0, python: bool = True, ended: bool = False) -> ChildSeen:
    """A look at child ``number``, which is process 4000 + ``number``."""
    command = ("python", "worker.py") if python else ("/usr/bin/ffmpeg",)
    t_ns, cpu_ns = round(t_s * SECOND_NS), round(cpu_s * SECOND_NS)
    return ChildSeen(number, 4000 + number, PARENT, command, python, t_ns, cpu_ns, ended)


def batches(*children: ChildSeen) -> list[Batch]:
    """Ten seconds of a thread that sleeps, one batch a second, each child in the batch of its look."""
    made = []
    for second in range(10):
        script = Script()
        script.thread("MainThread")
        for step in range(10):
            script.at(second * 1000 + step * 100)
            script.blocks("MainThread", syscall=61)
        batch = script.batch()
        begin = int(batch.passes["t_ns"][0])
        seen = tuple(one for one in children if begin <= one.t_ns < begin + SECOND_NS)
        made.append(Batch(batch.passes, batch.looks, threads=batch.threads, children=seen))
    return made


def profile(*children: ChildSeen) -> Profile:
    made = Profile(INFO)
    for batch in batches(*children):
        made.add(batch)
    made.finish()
    return made


def sentence(*children: ChildSeen) -> str | None:
    busy = build_report(profile(*children)).processes[0].busy_child
    return None if busy is None else busy.sentence


def start_s() -> float:
    """When the first pass is, by CLOCK_MONOTONIC."""
    return int(batches()[0].passes["t_ns"][0]) / SECOND_NS


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        (((0, 0.0), (9.9, 6.93)), "This process uses 0 CPU, its child 4000 uses 0.70 CPU: attach to that."),
        (((0, 0.0), (9.9, 0.2)), None),
    ],
)
def test_the_child_is_named_where_it_uses_clearly_more(
    looks: tuple[tuple[float, float], ...], said: str | None
) -> None:
    begin = start_s()
    assert sentence(*(child(begin + t, cpu) for t, cpu in looks)) == said


def test_pythons_that_live_come_before_busier_others() -> None:
    end = start_s() + 9.9
    said = sentence(child(end, 9.0, 0, python=False), child(end, 1.98, 1), child(end, 5.0, 2, ended=True))
    assert said == "This process uses 0 CPU, its child 4001 uses 0.20 CPU (3 children: 1.6): attach to that."


def test_what_is_no_python_is_said_to_be_none() -> None:
    said = sentence(child(start_s() + 9.9, 9.9, python=False))
    assert said == "This process uses 0 CPU, its child 4000 uses 1.0 CPU: it is no Python, but ffmpeg."


def test_it_is_the_first_line_everywhere() -> None:
    report = build_report(profile(child(start_s() + 9.9, 6.93)))
    said = "This process uses 0 CPU, its child 4000 uses 0.70 CPU: attach to that."
    assert report_text(report).splitlines()[0] == said
    assert first_lines(report.processes[0], 80)[0] == said
    process = json.loads(dumps(report))["processes"][0]
    assert process["busy_child"] | {"sentence": said, "pid": 4000} == process["busy_child"]
    assert process["children"][0]["cpu_mean"] == pytest.approx(0.7, abs=0.01)


def test_what_was_used_before_the_window_does_not_count() -> None:
    begin = start_s()
    looks = [child(begin + second, second * 0.5 if second < 5 else 2.5) for second in range(10)]
    window = TimeCut(INFO.wall_anchor, 6.0)
    made = Profile(INFO)
    for batch in batches(*looks):
        made.add(window.cut(batch))
    assert [one.cpu_ns for one in made.sums().children] == [0]


def test_a_window_that_ends_knows_nothing_of_later() -> None:
    begin = start_s()
    window = TimeCut(INFO.wall_anchor, 0.0, 2.5)
    made = Profile(INFO)
    for batch in batches(child(begin, 0.0), child(begin + 2, 1.0), child(begin + 9, 8.0)):
        made.add(window.cut(batch))
    assert [one.cpu_ns for one in made.sums().children] == [SECOND_NS]


def test_recordings_keep_them(tmp_path: Path) -> None:
    looks = child(start_s(), 0.0), child(start_s() + 9.0, 6.3)
    with RecordingWriter(tmp_path / "a.gilprof", INFO) as writer:
        for batch in batches(*looks):
            writer.write(batch)
    with Recording.open(tmp_path / "a.gilprof") as recording:
        assert tuple(one for batch in recording.batches() for one in batch.children) == looks


def test_the_last_seconds_know_what_came_before_them(tmp_path: Path) -> None:
    kept = KeptRecording(INFO, keep_s=2.0)
    for batch in batches(*(child(start_s() + second, second * 0.5) for second in range(10))):
        kept.add(batch)
    (tmp_path / "kept.gilprof").write_bytes(b"".join(kept.chunks()))
    made = Profile(INFO)
    with Recording.open(tmp_path / "kept.gilprof") as recording:
        for batch in recording.batches():
            made.add(batch)
    sums = made.sums()
    assert sums.children[0].cpu_ns == pytest.approx(0.5 * sums.children_ns, abs=0.6 * SECOND_NS)


def test_ended_ones_are_bounded() -> None:
    children, nothing = Children(), batches()[0]
    for number in range(3 * ENDED_KEPT):
        seen = (child(start_s() + 1, 0.01 * number, number, ended=True),)
        children.add(Batch(nothing.passes, nothing.looks, children=seen))
    assert len(children.sums()) <= 2 * ENDED_KEPT
    assert max(one.id for one in children.sums()) == 3 * ENDED_KEPT - 1


def test_growth_between_two_sums() -> None:
    begin = start_s()
    early, late = profile(child(begin + 2, 1.0)), profile(child(begin + 2, 1.0), child(begin + 9, 4.0))
    assert [one.cpu_ns for one in grown(late.sums().children, early.sums().children)] == [3 * SECOND_NS]
