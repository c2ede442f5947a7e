"""gilprof from Python: of the own process, of another one, of a program that it runs, of a recording."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import gilprof
from gilprof.api.own import OwnSession
from gilprof.api.session import Session
from gilprof.errors import FileError, NoSuchProcess, UsageError
from gilprof.model import State
from gilprof.report.json import as_json
from gilprof.report.model import Process, Thread
from gilprof.target.children import ChildStat, descendants
from tests.support.command import as_nobody
from tests.support.interpreters import interpreters
from tests.support.laws import check_laws
from tests.support.running import environment
from tests.support.spawn import spawn
from tests.support.steal import OF_THE_TEST

HOLDING, RELEASING = ctypes.PyDLL(None), ctypes.CDLL(None)
CROWDED = 0.05


def process_of(session: Session) -> Process:
    """The only process in the report, which keeps the laws."""
    check_laws(as_json(session.report))
    (process,) = session.report.processes
    return process


def thread(session: Session, name: str) -> Thread:
    rows = process_of(session).threads
    named = [row for row in rows if row.name == name]
    assert len(named) == 1, f"{name} among {[(row.name, row.gil, row.alive_s) for row in rows]}"
    return named[0]


def together(**workers: Callable[[], object]) -> None:
    """Run each in a thread of its name, to the end."""
    threads = [threading.Thread(target=worker, name=name) for name, worker in workers.items()]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def hold() -> None:
    """Keep the GIL for a fifth of a second twice, and let others have it in between."""
    for _ in range(2):
        time.sleep(0.1)
        HOLDING.usleep(200_000)


def spin(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(500))


def nap(library: ctypes.CDLL, seconds: float) -> Callable[[], None]:
    def napping() -> None:
        for _ in range(round(seconds / 0.05)):
            library.usleep(50_000)

    return napping


def test_states_of_the_own_process() -> None:
    """One that sleeps with the GIL, one that sleeps without it, in turn with pauses: shares by construction."""
    with gilprof.profile() as profile:
        together(keeps=nap(HOLDING, 1.0), gives=nap(RELEASING, 1.0))
    keeps, gives = thread(profile, "keeps"), thread(profile, "gives")
    assert keeps.seconds["held_blocked"] > (1 - CROWDED) * keeps.alive_s
    # It wants the GIL back after each nap, and waits for the one under way.
    assert gives.seconds["blocked"] + gives.seconds["waiting"] > (1 - CROWDED) * gives.alive_s
    not_seen_s = profile.report.processes[0].unobserved_s
    assert gives.blocked["sleep"] == pytest.approx(1.0, abs=0.05 + not_seen_s)
    # But for its beginning, it comes back from the calls for which it gave the GIL up.
    assert gives.waiting["preempted"] < CROWDED * gives.alive_s
    assert gives.waiting["returning"] > 0
    assert gives.seconds["unknown"] < 0.005 * gives.alive_s


def test_children_do_not_hold_the_own_profile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking at one takes reading files, and each read a wait for the GIL: not while the program wants it."""
    looks = []

    def counted(pid: int) -> dict[int, ChildStat]:
        looks.append(pid)
        return descendants(pid)

    monkeypatch.setattr("gilprof.sources.children.descendants", counted)
    with subprocess.Popen(["sleep", "60"]) as child:
        try:
            with gilprof.profile() as profile:
                before = len(looks)
                together(keeps=nap(HOLDING, 1.0), gives=nap(RELEASING, 1.0))
                after = len(looks)
        finally:
            child.kill()
    assert (before, after, len(looks)) == (1, 1, 2), "at the beginning and at the end"
    assert child.pid in {seen.pid for seen in process_of(profile).children}
    assert thread(profile, "keeps").seconds["held_blocked"] > 0.5


def test_pure_python_beside_hashing() -> None:
    def digest() -> None:
        end, data = time.monotonic() + 1.5, bytes(1 << 20)
        while time.monotonic() < end:
            hashlib.sha256(data).digest()

    with gilprof.profile() as profile:
        together(spin=lambda: spin(1.5), digest=digest)
    row = thread(profile, "spin")
    without_cpu_s = row.queued_s + OF_THE_TEST.stolen_s()
    assert row.seconds["held"] + row.seconds["waiting"] > (1 - CROWDED) * row.alive_s - without_cpu_s
    assert thread(profile, "digest").seconds["held"] < CROWDED * row.alive_s


def test_gilprof_itself_is_left_out() -> None:
    before = threading.active_count()
    with gilprof.profile() as outer, gilprof.profile() as inner:
        assert threading.active_count() == before + 2
        spin(0.5)
    assert threading.active_count() == before
    for profile in (outer, inner):
        process = process_of(profile)
        assert not [row.name for row in process.threads if "gilprof" in row.name]
        names = {function.name for function in process.functions}
        assert "spin" in names
        assert not {name for name in names if name.startswith(("Session._drain", "RecordingWriter", "LiveSource"))}
        assert process.sampling.drain_cpu_s is not None
        assert 0 < process.sampling.drain_cpu_s < 0.2 * process.duration_s


def test_a_long_call_with_the_gil_loses_nothing() -> None:
    """Nobody can take the facts away meanwhile; they are all there afterwards."""
    with gilprof.profile() as profile:
        HOLDING.usleep(1_500_000)
    process = process_of(profile)
    assert process.sampling.dropped == 0
    assert process.gils[0].held_blocked is not None
    assert process.gils[0].held_blocked * process.observed_s > 1.5 * (1 - CROWDED) - process.unobserved_s


def test_sections_sum_up_what_their_thread_did() -> None:
    def work(profile: OwnSession) -> None:
        for _ in range(10):
            with profile.section("held"):
                HOLDING.usleep(50_000)
            with profile.section("outer"), profile.section("asleep"):
                RELEASING.usleep(50_000)

    with gilprof.profile() as profile:
        together(work=lambda: work(profile))
    sections = {section.name: section for section in process_of(profile).sections}
    assert {name: section.count for name, section in sections.items()} == {"held": 10, "outer": 10, "asleep": 10}
    for name, state in (("held", "held_blocked"), ("asleep", "blocked"), ("outer", "blocked")):
        section = sections[name]
        assert section.wall_s >= 0.5
        # Each of ten stretches has two edges, a gap between looks uncertain; late passes are not observed.
        assert abs(sum(section.seconds.values()) - section.wall_s) < 20 * 0.002 + process_of(profile).unobserved_s
        assert section.seconds[state] > 0.9 * sum(section.seconds.values())


def test_a_section_that_raises_and_one_that_stays_open() -> None:
    with gilprof.profile() as profile:
        with pytest.raises(KeyError), profile.section("raises"):
            raise KeyError
        left_open = profile.section("open")
        left_open.__enter__()
        spin(0.3)
    sections = {section.name: section for section in process_of(profile).sections}
    assert sections["raises"].count == 1
    assert sections["open"].wall_s == pytest.approx(0.3, abs=0.1)


def test_an_exception_is_the_programs_and_the_profile_is_kept() -> None:
    with pytest.raises(ZeroDivisionError), gilprof.profile() as profile:
        spin(0.2)
        raise ZeroDivisionError
    assert process_of(profile).observed_s > 0.1


def test_saved_and_loaded_is_the_same(tmp_path: Path) -> None:
    with gilprof.profile(output=tmp_path / "own.gilprof") as profile, profile.section("all"):
        spin(0.5)
    profile.save(tmp_path / "copy.gilprof")
    with pytest.raises(FileError, match="it exists"):
        profile.save(tmp_path / "copy.gilprof")
    profile.save(tmp_path / "copy.gilprof", force=True)
    for name in ("own.gilprof", "copy.gilprof"):
        assert gilprof.load(tmp_path / name).report == profile.report
    command = [sys.executable, "-m", "gilprof", "report", "--json", str(tmp_path / "copy.gilprof")]
    shown = subprocess.run(command, env=environment(), check=True, capture_output=True).stdout
    assert json.loads(shown) == json.loads(json.dumps(as_json(profile.report)))


def test_stalls_and_spans_of_a_recording(tmp_path: Path) -> None:
    with gilprof.profile(output=tmp_path / "own.gilprof") as profile:
        together(holder=hold, spinner=lambda: spin(0.8))
    recorded = gilprof.load(tmp_path / "own.gilprof")
    (process,) = recorded.report_with(stall_s=0.1, spans=["hold"]).processes
    assert process.stall_count == 2
    assert process.stalls is not None
    assert all(0.15 <= stall.seconds <= 0.3 for stall in process.stalls)
    assert [(span.name, span.count) for span in process.spans] == [("hold", 1)]
    assert profile.report.processes[0].stalls is None
    command = [sys.executable, "-m", "gilprof", "report", str(tmp_path / "own.gilprof")]
    command += ["--stall", "100ms", "--span", "hold", "--json"]
    shown = subprocess.run(command, env=environment(), check=True, capture_output=True).stdout
    assert json.loads(shown) == json.loads(json.dumps(as_json(recorded.report_with(0.1, ["hold"]))))
    with pytest.raises(UsageError, match="not above 0"):
        recorded.report_with(stall_s=0.0)


def test_the_report_while_it_goes_on() -> None:
    with gilprof.profile() as profile:
        spin(1.5)
        early = profile.report.processes[0].observed_s
        spin(0.3)
    assert 0.2 < early < profile.report.processes[0].observed_s


def test_looks_are_the_reports_figures() -> None:
    with gilprof.profile() as profile:
        together(a=lambda: spin(0.4), b=lambda: spin(0.4))
    recorded = profile.recorded
    passes, looks = recorded.passes, recorded.looks
    weight_s = passes["weight_ns"][looks["pass"]] / 1e9
    for row in process_of(profile).threads:
        mine = looks["thread"] == row.id
        for state in State:
            seconds = weight_s[mine & (looks["state"] == state)].sum()
            assert seconds == pytest.approx(row.seconds[state.name.lower()], abs=1e-6)
    held = looks[passes["holder_look"][passes["holder_look"] >= 0]]
    assert set(held["state"].tolist()) <= {State.HELD, State.HELD_BLOCKED}
    innermost = {recorded.frames(int(stack))[0].name for stack in np.unique(held["stack"]) if stack >= 0}
    assert "spin" in innermost


def test_after_fork_the_child_runs_on_and_the_parents_profile_too() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads
        with gilprof.profile() as profile:
            spin(0.2)
            pid = os.fork()
            if pid == 0:
                profile.stop()
                with gilprof.profile() as own:
                    spin(0.2)
                os._exit(0 if own.report.processes[0].pid == os.getpid() else 1)
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
            spin(0.2)
    process = process_of(profile)
    assert process.pid == os.getpid()
    assert process.duration_s > 0.5


def test_a_child_that_just_ends_is_not_held_up() -> None:
    """Nor does its end take the parent's recording away."""
    code = """
import os, sys, gilprof
profile = gilprof.profile()
pid = os.fork()
if pid == 0:
    sys.exit(0)
assert os.waitpid(pid, 0)[1] == 0
profile.stop()
assert profile.report.processes[0].sampling.passes
"""
    subprocess.run([sys.executable, "-c", code], env=environment(), check=True, timeout=30)


def test_a_program_that_ends_without_stopping_its_profile(tmp_path: Path) -> None:
    code = f"import gilprof, time; p = gilprof.profile(output={str(tmp_path / 'x.gilprof')!r}); time.sleep(1.5)"
    subprocess.run([sys.executable, "-c", code], env=environment(), check=True, timeout=30)
    assert gilprof.load(tmp_path / "x.gilprof").report.processes[0].duration_s > 0.5


def test_without_any_permission() -> None:
    code = "import gilprof, time\nwith gilprof.profile() as p: time.sleep(0.3)\nassert p.report.sentence\n"
    wrapper = as_nobody()
    subprocess.run([*wrapper, sys.executable, "-c", code], env=environment(), check=True, timeout=30, cwd="/")


def test_attach_to_another_process(tmp_path: Path) -> None:
    with spawn(interpreters()["3.11"], "spin", "2") as target:
        with gilprof.attach(target.pid, rate=500, output=tmp_path / "x.gilprof") as session:
            session.wait(1.0)
        with gilprof.attach(target.pid) as until_its_end:
            target.stop()
            until_its_end.wait()
    process = process_of(session)
    assert process.sampling.asked_hz == 500
    assert process.sampling.drain_cpu_s is None
    assert process.gils[0].held is not None
    assert process.gils[0].held > 1 - CROWDED
    assert process_of(until_its_end).ended == "exit"


def test_run_a_program() -> None:
    code = "import time; time.sleep(0.5); raise SystemExit(7)"
    session = gilprof.run([sys.executable, "-c", code])
    assert session.status == 7
    process = process_of(session)
    assert process.ended == "exit"
    assert process.threads[0].blocked["sleep"] == pytest.approx(0.5, abs=0.1)


def test_what_cannot_be_done_is_said() -> None:
    with pytest.raises(NoSuchProcess):
        gilprof.attach(2**22 - 1)
    with pytest.raises(UsageError, match="rate=1000"):
        gilprof.profile(rate=0)
    with pytest.raises(UsageError, match="no command"):
        gilprof.run([])
    with pytest.raises(FileError, match="No such file"):
        gilprof.load("/nowhere/x.gilprof")
    with pytest.raises(FileError, match="No such file"):
        gilprof.profile(output="/nowhere/x.gilprof")
    with pytest.raises(AttributeError, match="no attribute 'unknown'"):
        _ = gilprof.unknown


def test_importing_it_brings_nothing_heavy() -> None:
    heavy = "('numpy', 'rich', 'click', 'textual')"
    code = f"import gilprof, sys; print([m for m in {heavy} if m in sys.modules], dir(gilprof))"
    shown = subprocess.run([sys.executable, "-c", code], env=environment(), check=True, capture_output=True, text=True)
    assert shown.stdout.startswith("[] ")
    assert {"attach", "load", "profile", "run"} <= set(shown.stdout.replace("'", " ").split())
