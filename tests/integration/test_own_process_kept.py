"""What a profile of the own process leaves as it is: descriptors and their limit, signals, scheduling."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.running import environment

PRELUDE = """
import json, os, resource, select, signal, socket, sys, threading, time
import gilprof
from gilprof.errors import GilprofError


def status_of(tid):
    lines = open(f"/proc/self/task/{tid}/status").read().splitlines()
    return dict(line.split(":\\t", 1) for line in lines if ":\\t" in line)


def gilprofs_threads():
    tids = [int(tid) for tid in os.listdir("/proc/self/task")]
    sampler = [tid for tid in tids if status_of(tid)["Name"] == "gilprof"]
    drain = [thread.native_id for thread in threading.enumerate() if thread.name == "gilprof"]
    return sorted(set(sampler) | set(drain))


def tell(**values):
    print(json.dumps(values))

"""


def result_of(code: str, *wrapper: str) -> dict[str, Any]:
    """What the code, which profiles itself, tells in its only line."""
    command = [*wrapper, sys.executable, "-c", PRELUDE + code]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_descriptors_and_their_limit_are_the_programs() -> None:
    """With more threads than a table of 1,024 has room for, and a ``select`` that takes numbers below that only."""
    told = result_of("""
soft = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (1024, soft))
threading.stack_size(1 << 17)
over = threading.Event()
threads = [threading.Thread(target=over.wait) for _ in range(520)]
for thread in threads:
    thread.start()
before = set(os.listdir("/proc/self/fd"))
with gilprof.profile() as profile:
    time.sleep(0.5)
    added = len(set(os.listdir("/proc/self/fd")) - before)
    left, right = socket.socketpair()
    numbers = left.fileno(), right.fileno()
    right.send(b"x")
    readable = select.select([left], [], [], 10)[0] == [left]
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
over.set()
(process,) = profile.report.processes
tell(added=added, numbers=numbers, readable=readable, limit=limit, threads=len(process.threads),
     unknown=process.sampling.unknown)
""")
    assert told["readable"]
    assert told["limit"] == 1024
    # The temporary recording, the process and its memory, as names are read of it.
    assert told["added"] <= 8, told
    assert max(told["numbers"]) < 64
    assert told["threads"] >= 520
    assert told["unknown"] == 0


def test_gilprofs_threads_take_no_signal() -> None:
    """Every signal that can be blocked is, but for those of the C library (32 and 33)."""
    told = result_of("""
with gilprof.profile():
    masks = [status_of(tid)["SigBlk"] for tid in gilprofs_threads()]
tell(masks=masks, own=status_of(os.getpid())["SigBlk"])
""")
    assert len(told["masks"]) == 2
    everything = sum(1 << number - 1 for number in range(1, 65) if number not in (9, 19, 32, 33))
    for mask in told["masks"]:
        assert int(mask, 16) & everything == everything
    assert int(told["own"], 16) == 0


def test_niceness_stays() -> None:
    told = result_of(
        """
with gilprof.profile():
    tell(nice=[os.getpriority(os.PRIO_PROCESS, tid) for tid in gilprofs_threads()])
""",
        "nice",
        "-n",
        "7",
    )
    assert told["nice"] == [7, 7]


def test_a_scheduling_policy_stays() -> None:
    """SCHED_BATCH needs no privilege; SCHED_FIFO is handed on likewise."""
    told = result_of("""
os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
with gilprof.profile():
    tell(policies=[os.sched_getscheduler(tid) for tid in gilprofs_threads()])
""")
    assert told["policies"] == [os.SCHED_BATCH] * 2


def test_sessions_give_their_descriptors_back() -> None:
    told = result_of("""
import gc, subprocess, warnings
warnings.simplefilter("error")
numbers = lambda: sorted(os.listdir("/proc/self/fd"))
with gilprof.profile() as first:
    pass
first.close()
other = subprocess.Popen(["sleep", "60"])
before = numbers()
failed = 0
for _ in range(10):
    try:
        gilprof.attach(other.pid)
    except GilprofError:
        failed += 1
after_failures = numbers()
with gilprof.profile() as profile:
    time.sleep(0.05)
passes = len(profile.recorded.passes)
profile.close()
after_close = numbers()
with gilprof.profile() as forgotten:
    pass
del forgotten
gc.collect()
other.kill()
tell(failed=failed, passes=passes, before=before, after=[after_failures, after_close, numbers()])
""")
    assert told["failed"] == 10
    assert told["passes"] > 0
    assert told["after"] == [told["before"]] * 3


def test_a_limit_of_files_below_the_number_of_threads(tmp_path: Path) -> None:
    """From outside, hard limit and all: attach, dump and doctor."""
    target = subprocess.Popen(
        [sys.executable, "-c", """
import sys, threading
threading.stack_size(1 << 17)
over = threading.Event()
for _ in range(600):
    threading.Thread(target=over.wait, daemon=True).start()
print(flush=True)
sys.stdin.read()
import os
os._exit(0)
"""],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        assert target.stdout is not None
        target.stdout.readline()
        for verb in (["attach", "--no-live", "-d", "1"], ["dump"], ["doctor"]):
            command = ["prlimit", "--nofile=1024:1024", sys.executable, "-m", "gilprof", verb[0], str(target.pid)]
            done = subprocess.run(
                [*command, *verb[1:]], env=environment(), capture_output=True, text=True, timeout=120, cwd=tmp_path
            )
            assert done.returncode == 0, done.stderr
            assert "Traceback" not in done.stderr
            assert verb[0] == "doctor" or "600" in done.stdout or "601" in done.stdout
    finally:
        target.kill()
        target.communicate()
