"""Facts with every state in them as an export sees them, and what their seconds come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from gilprof.analysis.profile import Profile
from gilprof.exporters import by_name
from gilprof.exporters.narrowing import Narrowing
from gilprof.exporters.timeline import Timeline
from gilprof.model import STATE_NAMES, SYSCALL_UNREADABLE, Batch
from gilprof.report.threads import thread_names
from tests.support.facts import INFO, SLEEP, Script

NASTY, NASTY_SHOWN = 'a"b;c\nd</script>\udcff\0', 'a"b;c\\nd</script>\\udcff\\x00'
"""A name, and as exports write it out."""
MAIN = ("<module> /srv/app.py:20", "main /srv/app.py:14")
STEP = ("Worker.run /srv/work.py:7", "Worker.step /srv/work.py:33")


def every_state() -> Script:
    """Two seconds of two threads and one that begins late, with every state, a collection and a gap."""
    script = Script()
    for ms in range(600):
        script.at(ms).holds("worker-1", *STEP, cpu_ms=0.75).waits("MainThread", *MAIN)
    for ms in range(600, 900):
        script.at(ms).holds("worker-1", *STEP, syscall=SLEEP).waits("MainThread", *MAIN)
    for ms in range(900, 1100):
        script.at(ms, flags=4).holds("MainThread", *MAIN, cpu_ms=1).waits("worker-1", *STEP)
    # worker-1 has had the GIL where nobody looked.
    for ms in range(1200, 1700):
        script.at(ms, switch_number=2).runs("worker-1", *STEP, cpu_ms=1).blocks("MainThread", *MAIN).blocks("late")
    for ms in range(1700, 2000):
        script.at(ms).blocks("worker-1", *STEP).look("MainThread", *MAIN, syscall=SYSCALL_UNREADABLE).blocks("late")
    return script


def profiled(batches: Iterable[Batch]) -> tuple[Profile, Timeline]:
    """As ``gilprof export`` makes them."""
    timeline = Timeline()
    profile = Profile(INFO, timeline)
    for batch in batches:
        profile.add(batch)
    profile.finish()
    return profile, timeline


def exported(
    name: str, profile: Profile, timeline: Timeline, narrowing: Narrowing | None = None, **options: str
) -> bytes:
    return b"".join(by_name(name).export(profile, narrowing or Narrowing(), timeline, **options))


def seconds(profile: Profile) -> dict[tuple[str, str], float]:
    """By thread and state, as the profile has them."""
    sums: Counter[tuple[str, str]] = Counter()
    threads = profile.sums().threads
    for name, states_ns in zip(thread_names(threads, profile.definitions), threads.states_ns.tolist(), strict=True):
        for state, ns in zip(STATE_NAMES, states_ns, strict=True):
            if ns:
                sums[name, state] += ns / 1e9
    return dict(sums)


def few(passes: int, name: str = "main", *frames: str) -> Batch:
    """One thread that has the GIL, at so many looks."""
    script = Script()
    for ms in range(passes):
        script.at(ms).holds(name, *(frames or ("f a.py:1",)))
    return script.batch()


def check_sums(shown: dict[tuple[str, str], float], batches: Iterable[Batch]) -> None:
    """An export shows as many seconds of each state as the profile has; names may fall together."""
    profile, _ = profiled(batches)
    found = dict.fromkeys(STATE_NAMES, 0.0)
    for (_, state), value in shown.items():
        found[state] += value
    states_s = profile.sums().threads.states_ns.sum(axis=0) / 1e9
    assert [found[state] for state in STATE_NAMES] == pytest.approx(states_s.tolist(), rel=1e-6, abs=1e-6)
