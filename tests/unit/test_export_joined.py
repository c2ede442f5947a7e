"""Several processes in one export: each thread has the time and the stacks that it has alone."""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

import pytest

from gilprof.analysis.profile import Profile
from gilprof.exporters import by_name
from gilprof.exporters.joined import JoinedProfile, JoinedTimeline
from gilprof.exporters.narrowing import Narrowing
from gilprof.exporters.pprof import message_class
from gilprof.exporters.timeline import Timeline
from gilprof.model import STATE_NAMES, Batch
from tests.support.exported import every_state, exported, profiled, seconds
from tests.support.facts import INFO, Script

PIDS = (4242, 4343)


def other() -> Batch:
    """Another second, of other threads and functions."""
    script = Script()
    for ms in range(500, 1500):
        script.at(ms).holds("spin", "run b.py:1", "spin b.py:2", cpu_ms=1).waits("idle", "run b.py:1", "wait b.py:9")
    return script.batch()


def alone() -> list[tuple[Profile, Timeline]]:
    out = []
    for pid, batch in zip(PIDS, (every_state().batch(), other()), strict=True):
        timeline = Timeline()
        profile = Profile(replace(INFO, pid=pid, command=("python", f"{pid}.py")), timeline)
        profile.add(batch)
        profile.finish()
        out.append((profile, timeline))
    return out


def joined(name: str, thread: str | None = None, **options: str) -> bytes:
    profiles, timelines = zip(*alone(), strict=True)
    profile = JoinedProfile(dict(enumerate(profiles)))
    timeline = JoinedTimeline(profile, timelines)
    return b"".join(by_name(name).export(profile, Narrowing(thread=thread, joined=True), timeline, **options))


def expected() -> dict[tuple[str, str], float]:
    return {
        (f"{profile.info.pid} {name}", state): value
        for profile, _ in alone()
        for (name, state), value in seconds(profile).items()
    }


def test_collapsed_lines_are_those_of_each() -> None:
    lines = joined("collapsed").decode().splitlines()
    single = []
    for profile, timeline in alone():
        for line in exported("collapsed", profile, timeline).decode().splitlines():
            process, rest = line.split(";", 1)
            assert process.endswith(f" ({profile.info.pid})")
            single.append(f"{process};{profile.info.pid} {rest}")
    assert sorted(lines) == sorted(single)


def test_threads_are_chosen_by_their_own_names() -> None:
    lines = joined("collapsed", "spin").decode().splitlines()
    assert lines
    assert all(";4343 spin;" in line for line in lines)
    assert not joined("collapsed", "4343 spin")


def test_chrome_has_processes() -> None:
    events = json.loads(joined("chrome"))["traceEvents"]
    names = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"}
    sums: Counter[tuple[str, str]] = Counter()
    for event in events:
        if event.get("cat") == "state":
            sums[names[event["pid"], event["tid"]], event["name"]] += event["dur"] / 1e6
    assert dict(sums) == pytest.approx(expected())
    assert {name.split()[0] for name in names.values()} == {str(pid) for pid, _ in names} == {str(pid) for pid in PIDS}
    commands = {event["pid"]: event["args"]["name"] for event in events if event["name"] == "process_name"}
    assert commands == {pid: f"python {pid}.py" for pid in PIDS}
    counters = {(event["pid"], event["name"]) for event in events if event["ph"] == "C"}
    assert counters == {(pid, name) for pid in PIDS for name in ("GIL", "waiters")}


def test_firefox_has_processes() -> None:
    file = json.loads(joined("firefox"))
    pids = [str(pid) for pid in PIDS]
    assert {(thread["pid"], thread["name"].split()[0]) for thread in file["threads"]} == {(pid, pid) for pid in pids}
    assert [thread["processName"] for thread in file["threads"] if thread["pid"] == "4343"] == ["python 4343.py"] * 2
    assert [(counter["pid"], counter["name"]) for counter in file["counters"]] == [(pid, "GIL waiters") for pid in pids]
    observed = {thread["name"]: sum(thread["samples"]["weight"]) / 1e3 for thread in file["threads"]}
    whole: defaultdict[str, float] = defaultdict(float)
    for (name, _), value in expected().items():
        whole[name] += value
    assert observed == pytest.approx(dict(whole))


def test_speedscope_has_the_stacks_of_both() -> None:
    file = json.loads(joined("speedscope"))
    frames = [frame["name"] for frame in file["shared"]["frames"]]
    sums: Counter[tuple[str, str]] = Counter()
    stacks: dict[str, set[tuple[str, ...]]] = {}
    for profile in file["profiles"]:
        name, _, behind = profile["name"].rpartition(" (tid ")
        if behind.rstrip(")").isdigit():
            for stack, ns in zip(profile["samples"], profile["weights"], strict=True):
                if stack:
                    sums[name, frames[stack[-1]].strip("[]")] += ns / 1e9
                    stacks.setdefault(name, set()).add(tuple(frames[frame] for frame in stack[:-1]))
    assert dict(sums) == pytest.approx(expected())
    assert stacks["4343 spin"] == {("run", "spin")}
    assert stacks["4343 idle"] == {("run", "wait")}


def test_pprof_says_whose_a_sample_is() -> None:
    message = message_class().FromString(gzip.decompress(joined("pprof")))
    text = message.string_table
    sums: Counter[tuple[str, str]] = Counter()
    for sample in message.sample:
        labels = {text[label.key]: text[label.str] if label.str else label.num for label in sample.label}
        assert labels["thread"].startswith(f"{labels['pid']} ")
        for state, ns in zip(STATE_NAMES, sample.value, strict=True):
            if ns:
                sums[labels["thread"], state] += ns / 1e9
    assert dict(sums) == pytest.approx(expected())


def test_the_flame_graph_speaks_of_both() -> None:
    page = joined("flamegraph").decode()
    assert "<title>gilprof: python 4242.py (4242) and 1 more</title>" in page
    assert "Of 2 processes, " in page
    for pid in PIDS:
        assert f"Process {pid}, Python" in page
        assert f'"{pid} ' in page


def test_a_process_alone_is_as_it_was() -> None:
    profile, timeline = profiled([every_state().batch()])
    for name in ("flamegraph", "collapsed", "speedscope", "firefox", "chrome", "pprof"):
        assert b"4242 MainThread" not in exported(name, profile, timeline)


def test_who_waits_for_whom_stays_in_its_process() -> None:
    (first, _), (second, _) = alone()
    sums = JoinedProfile({0: first, 1: second}).sums()
    waited: Any = sums.pairs.origin_ns.sum()
    assert waited == sum(profile.sums().pairs.origin_ns.sum() for profile in (first, second))
    known = sums.pairs.holder >= 0
    holder = sums.threads.id[sums.nodes.thread[sums.pairs.holder[known]]]
    waiter = sums.threads.id[sums.nodes.thread[sums.pairs.waiter[known]]]
    begins = 1 + max(first.definitions.threads)
    assert ((holder < begins) == (waiter < begins)).all()
    assert set(sums.gils) == {0, 1}


def test_ids_do_not_run_into_each_other() -> None:
    """Threads that were folded, and GILs that nothing defines, have numbers too."""
    profiles = [profile for profile, _ in alone()]
    many = Script()
    for ms in range(3000):
        many.at(ms).runs(f"short-{ms}", "f a.py:1").ends(f"short-{ms}")
    timeline = Timeline()
    first = Profile(INFO, timeline)
    batch = many.batch()
    batch.passes["domain"] = 7
    first.add(batch)
    first.finish()
    assert len(first.definitions.threads) < len(timeline.threads)
    joined_profile = JoinedProfile({0: first, 1: profiles[1]})
    _, part = joined_profile.parts
    assert part.thread == 3000
    assert part.gil == 8
    both = JoinedTimeline(joined_profile, [timeline, alone()[1][1]])
    assert len(both.threads) == 3000 + 2
    assert both.gils() == [7, 8]
