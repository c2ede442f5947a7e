"""``--stall``, ``--on-stall`` and ``--keep`` on real programs."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from itertools import pairwise
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from gilprof.analysis.episodes.rows import NOT_KNOWN, EpisodeKind
from gilprof.recording.reader import Recording
from tests.support.command import command, gilprof
from tests.support.episodes import Truth, episodes_of, matched, of_thread, thread_id, unobserved
from tests.support.figures import FLOOR, bound
from tests.support.interpreters import Interpreter, some_versions
from tests.support.observed import Observation, observe
from tests.support.running import TIMEOUT_S, environment, some_interpreters
from tests.support.spawn import TARGETS, Target, spawn

on_some_versions = pytest.mark.parametrize("interpreter", some_versions(), ids=str)
HOLD_MS, GAP_MS = 100, 60
STALL = re.compile(
    r"stall \d\d:\d\d:\d\d\.\d{3} (?P<ms>[\d.]+) ms sleep_holding \(hold_sleep\.py:(?P<line>\d+)\) in sleeper"
    r"(, which had no CPU for [^,]+ of it)?, kept \d waiting: (MainThread, )?spin(, MainThread)?"
)
"""The main thread may still be on its way back from telling the test that all is ready."""
GAP_NS = 1_000_000
"""At 1 kHz."""
STAMPS_NS = 500_000
"""The spinner's readings of the clock on both sides of a wait."""
OUTSIDE = 0.02
"""Of the waits, those that may lie outside their bounds."""
NEAR_NS, NEAR_SHARE = 2_000_000, 0.95
SIGMAS = 2.0
"""Standard errors of a share, from the size of the sample."""
CROWDED_NEAR_SHARE = 0.85
"""Where more threads are runnable than there are CPUs: looks come late, and the spinner's stamps too."""


def naps(target: Target) -> float:
    return target.truth()["sleeper"]["naps"]


def process_of(report: str) -> dict[str, Any]:
    (process,) = json.loads(report)["processes"]
    return dict(process)


@on_some_versions
def test_each_hold_is_told_once(interpreter: Interpreter) -> None:
    """Holds of twice the limit; shorter waits, for a switch interval, are none."""
    with spawn(interpreter.path, "hold_sleep", HOLD_MS, GAP_MS) as target:
        before = naps(target)
        done = gilprof("attach", target.pid, "--no-live", "-d", 3, "--stall", f"{HOLD_MS // 2}ms", "--json", "-")
        after = naps(target)
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert all(line.startswith("stall ") for line in lines), done.stderr
    told = [line for line in lines if STALL.fullmatch(line)]
    process = process_of(done.stdout)
    held = process["duration_s"] / ((HOLD_MS + GAP_MS) / 1000)
    assert 0.7 * held - 2 <= len(told) <= after - before + 1
    assert len(process["stalls"]) == process["stall_count"] == len(lines)
    functions = {function["id"]: function["name"] for function in process["functions"]}
    threads = {thread["id"]: thread["name"] for thread in process["threads"]}
    by_sleeper = [stall for stall in process["stalls"] if threads.get(stall["holder"]) == "sleeper"]
    assert len(by_sleeper) == len(told), done.stderr
    for stall in by_sleeper:
        assert functions[stall["function"]] == "sleep_holding"
        assert {threads[victim["thread"]] for victim in stall["victims"]} - {"MainThread"} == {"spin"}
        at_an_edge = min(stall["start_s"], process["duration_s"] - stall["start_s"] - stall["seconds"]) < 0.005
        # The spinner may have begun to wait a switch interval later.
        assert at_an_edge or stall["seconds"] >= HOLD_MS / 1000 - 0.006


@on_some_versions
def test_waits_beside_the_programs_own_stamps(interpreter: Interpreter) -> None:
    with spawn(interpreter.path, "stamped_holds") as target:
        seen = observe(target.pid, 5.0)
        stamps = target.truth()
    spin, holder = stamps["spin"], stamps["holder"]
    start, end = (np.array([spin[f"{edge}_{n}"] for n in range(int(spin["count"]))]) * 1e9 for edge in ("start", "end"))
    holds = np.array([holder[f"start_{n}"] for n in range(int(holder["count"]))]) * 1e9
    # A thread that stamps has the GIL.
    inside = np.searchsorted(holds, start) < np.searchsorted(holds, end)
    inside &= (start > seen.window[0] + 5 * GAP_NS) & (end < seen.window[1] - 5 * GAP_NS) & (end - start > 3 * GAP_NS)
    truth = Truth(*(edge[inside].astype(np.int64) for edge in (start, start, end)))
    observed = ~unobserved(truth, seen.passes)
    assert observed.sum() >= 20, "too few to tell"
    rows = of_thread(episodes_of(seen), EpisodeKind.WAIT, thread_id(seen, target.tids["spin"]))
    match = matched(truth, rows)
    assert match.found[observed].all()
    told = match.error_ns != NOT_KNOWN
    near = match.within(NEAR_NS)[observed & told]
    expected = NEAR_SHARE if bound(seen) == FLOOR else CROWDED_NEAR_SHARE
    assert near.mean() >= expected - SIGMAS * sqrt(expected * (1 - expected) / len(near))
    allowed_ns = match.error_ns + STAMPS_NS + without_cpu_ns(seen, target.tids["spin"], truth)
    outside = told & ~((match.start_off_ns <= allowed_ns) & (match.length_off_ns <= allowed_ns))
    assert outside.sum() <= max(1, OUTSIDE * len(outside))


def without_cpu_ns(seen: Observation, tid: int, waits: Truth) -> npt.NDArray[np.float64]:
    """How long the thread may have stood ready without a CPU around each wait: so much its stamps may be off. The
    kernel adds time in the queue up when the thread gets a CPU, which the next look tells; what the machine's host
    takes away is in no thread's account."""
    looks = seen.looks_at(tid)
    t_ns = seen.passes.t_ns[seen.looks.pass_row[looks]]
    queued = np.append(0.0, np.cumsum(seen.looks.queued_ns[looks]))
    begin_ns, end_ns = waits.earliest_ns, waits.end_ns + 2 * GAP_NS
    out: npt.NDArray[np.float64] = (
        queued[np.searchsorted(t_ns, end_ns)]
        - queued[np.searchsorted(t_ns, begin_ns)]
        + seen.steal.around_ns(begin_ns, end_ns)
    )
    return out


def test_a_recording_has_the_same_stalls(tmp_path: Path) -> None:
    with spawn(Path(command()[0]), "hold_sleep", HOLD_MS, GAP_MS) as target:
        file = tmp_path / "run.gilprof"
        live = gilprof("attach", target.pid, "--no-live", "-d", 2, "--stall", "50ms", "-o", file, "--json", "-")
    again = gilprof("report", file, "--stall", "50ms", "--json")
    assert process_of(again.stdout)["stalls"] == process_of(live.stdout)["stalls"]
    assert process_of(gilprof("report", file, "--json").stdout)["stalls"] is None
    assert "Stalls, waits longer than 50.0 ms" in gilprof("report", file, "--stall", "50ms").stdout


def test_the_stack_with_v() -> None:
    with spawn(Path(command()[0]), "hold_sleep", HOLD_MS, GAP_MS) as target:
        done = gilprof("attach", target.pid, "--no-live", "-d", 1, "--stall", "50ms", "-v")
    lines = done.stderr.splitlines()
    first = next(number for number, line in enumerate(lines) if STALL.fullmatch(line))
    assert re.fullmatch(r"    sleep_holding \(hold_sleep\.py:\d+\)", lines[first + 1])
    assert "Thread._bootstrap" in " ".join(lines[first + 1 : first + 6])


@some_interpreters
def test_under_run(python: Path, tmp_path: Path) -> None:
    program_reads, kept_open = os.pipe()
    done = subprocess.run(
        command("run", "--python", python, "--stall", "50ms", TARGETS / "hold_sleep.py", HOLD_MS, GAP_MS),
        env=environment(TARGET_SECONDS="2"), cwd=tmp_path, capture_output=True, text=True, timeout=TIMEOUT_S,
        stdin=program_reads,
    )  # fmt: skip
    os.close(program_reads)
    os.close(kept_open)
    assert done.returncode == 0
    assert any(STALL.fullmatch(line) for line in done.stderr.splitlines())


def test_a_command_on_a_stall(tmp_path: Path) -> None:
    """Once in ten seconds at most, with what happened in its environment; standard output stays the report's."""
    script = 'echo told; env | grep ^GILPROF_STALL_ >> "$1"'
    with spawn(Path(command()[0]), "hold_sleep", HOLD_MS, GAP_MS) as target:
        done = gilprof(
            "attach", target.pid, "--no-live", "-d", 2, "--stall", "50ms", "--json", "-",
            "--on-stall", f"sh -c '{script}' sh {tmp_path / 'told'}",
        )  # fmt: skip
    assert done.returncode == 0
    json.loads(done.stdout)
    assert done.stderr.splitlines().count("told") == 1
    told = dict(line.split("=", 1) for line in (tmp_path / "told").read_text().splitlines())
    assert told["GILPROF_STALL_FUNCTION"] == "sleep_holding"
    assert told["GILPROF_STALL_THREAD"] == "sleeper"
    assert told["GILPROF_STALL_VICTIMS"] == "spin"
    assert told["GILPROF_STALL_PID"] == str(target.pid)
    assert float(told["GILPROF_STALL_SECONDS"]) > 0.05


def test_a_command_that_is_not_there() -> None:
    with spawn(Path(command()[0]), "hold_sleep", HOLD_MS, GAP_MS) as target:
        done = gilprof("attach", target.pid, "--no-live", "-d", 1, "--stall", "50ms", "--on-stall", "no-such-program")
    assert done.returncode == 0
    [line] = [line for line in done.stderr.splitlines() if line.startswith("gilprof: ")]
    assert line.startswith("gilprof: running no-such-program on a stall: No such file or directory; check --on-stall")
    assert "the next stall tries again" in line


def test_the_last_seconds_are_written_on_a_stall(tmp_path: Path) -> None:
    """At once; then not again until as much time has gone by; and at the end."""
    file = tmp_path / "flight.gilprof"
    with spawn(Path(command()[0]), "hold_sleep", HOLD_MS, GAP_MS) as target:
        done = gilprof("attach", target.pid, "--no-live", "-d", 4, "--stall", "50ms", "--keep", "2s", "-o", file)
    assert done.returncode == 0, done.stderr
    files = sorted(tmp_path.iterdir(), key=lambda path: (len(path.name), path.name))
    assert [path.name for path in files] == ["flight.gilprof", "flight-2.gilprof", "flight-3.gilprof"]
    spans = [(passes_in(path)[[0, -1]] / 1e9).tolist() for path in files]
    for first_s, last_s in spans:
        assert last_s - first_s < 2 + 1.2  # kept by the second
    assert spans[1][0] < spans[0][1] + 0.2
    assert spans[2][1] - spans[0][0] > 3.5
    assert done.stderr.count("gilprof: the last 2.00 s are in ") == 3
    report = process_of(gilprof("report", file, "--stall", "50ms", "--json").stdout)
    assert report["stalls"]


def test_on_sigusr1_and_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "flight.gilprof"
    words = command("attach", 0, "--no-live", "--keep", "60s", "-o", file)
    with spawn(Path(words[0]), "hold_sleep", HOLD_MS, GAP_MS) as target:
        words[words.index("0")] = str(target.pid)
        words += ["-v"]
        with subprocess.Popen(words, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            assert process.stderr is not None
            assert process.stderr.readline().startswith(b"gilprof: watching process")
            assert not file.exists()
            process.send_signal(signal.SIGUSR1)
            assert process.stderr.readline() == f"gilprof: the last 60.0 s are in {file}\n".encode()
            assert file.exists()
            process.send_signal(signal.SIGUSR1)
            second_file = tmp_path / "flight-2.gilprof"
            assert process.stderr.readline() == f"gilprof: the last 60.0 s are in {second_file}\n".encode()
            process.send_signal(signal.SIGINT)
            assert process.wait(TIMEOUT_S) == 0
    # The third one is there if there was anything new at the end.
    passes = [passes_in(path) for path in sorted(tmp_path.iterdir(), key=lambda path: (len(path.name), path.name))]
    assert len(passes) in (2, 3)
    for earlier, later in pairwise(passes):
        assert np.array_equal(later[: len(earlier)], earlier)


def test_sigusr1_is_for_gilprof_under_run(tmp_path: Path) -> None:
    """The program, whom it would end, does not get it."""
    words = command("run", "--keep", "60s", "-o", tmp_path / "flight.gilprof", "-c", "print('up', flush=True); input()")
    with subprocess.Popen(
        words, env=environment(), cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.send_signal(signal.SIGUSR1)
        _, said = process.communicate(b"\n", timeout=TIMEOUT_S)
    assert process.returncode == 0, said
    assert (tmp_path / "flight.gilprof").exists()


def test_an_existing_file_is_not_replaced(tmp_path: Path) -> None:
    """Neither FILE without --force, nor what stands where a later one would be."""
    (tmp_path / "flight-2.gilprof").write_text("mine")
    with spawn(Path(command()[0]), "hold_sleep", HOLD_MS, GAP_MS) as target:
        keep = ("attach", target.pid, "--no-live", "-d", 2, "--keep", "1s", "-o", tmp_path / "flight.gilprof")
        assert gilprof(*keep, "--stall", "50ms").returncode == 0
        assert gilprof(*keep).returncode == 1
    assert (tmp_path / "flight-2.gilprof").read_text() == "mine"
    assert (tmp_path / "flight-3.gilprof").exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--keep", "60s"],
        ["--keep", "60s", "-o", "flame.html"],
        ["--on-stall", "true"],
        ["--stall", "50ms", "--on-stall", "echo 'unclosed"],
        ["--stall", "50ms", "--on-stall", ""],
        ["--stall", "2ms"],
        ["--stall", "soon"],
        ["--keep", "0", "-o", "x.gilprof"],
    ],
)
def test_what_makes_no_sense(options: list[str], tmp_path: Path) -> None:
    done = gilprof("attach", "1", "--no-live", *options, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def passes_in(file: Path) -> npt.NDArray[np.uint64]:
    """When each pass of a recording was; none where it was written before the first were there."""
    with Recording.open(file) as recording:
        return np.concatenate([np.zeros(0, np.uint64), *(batch.passes["t_ns"] for batch in recording.batches())])
