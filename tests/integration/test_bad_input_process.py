"""Processes that cannot be watched, on the real command line: a status and one useful line each."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tests.support import forbid
from tests.support.command import as_nobody, failure, gilprof
from tests.support.dialogue import dialogue
from tests.support.interpreters import unsupported
from tests.support.spawn import spawn

PYTHON = Path(sys.executable)
WAIT = "tell(0)\nhear()\n"
FORBID = str(forbid.__file__)
VERBS = ("attach", "dump", "doctor")
every_verb = pytest.mark.parametrize("verb", VERBS)
ROUNDS, AT_ONCE = 40, 4
LATEST_S = 0.7
"""A profile has begun by then on an idle machine."""


@every_verb
@pytest.mark.parametrize("pid", [2**22 + 1, 2**31, 2**64, 10**30])
def test_no_such_process(verb: str, pid: int) -> None:
    failure(gilprof(verb, pid), 5, str(pid), "no such process", "check the PID")


@every_verb
def test_a_process_that_has_just_ended(verb: str) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        failure(gilprof(verb, child.pid), 5, "zombie")
    failure(gilprof(verb, child.pid), 5, "no such process")


@every_verb
def test_not_a_python(verb: str) -> None:
    with subprocess.Popen(["cat"], stdin=-1, stdout=-1) as cat:
        assert cat.stdin is not None
        assert cat.stdout is not None
        cat.stdin.write(b"x")
        cat.stdin.flush()
        assert cat.stdout.read(1) == b"x"
        failure(gilprof(verb, cat.pid), 4, "cat is not a Python", "give the PID of a CPython process")
        cat.kill()


@every_verb
def test_a_thread_of_the_kernel(verb: str) -> None:
    if not psutil.pid_exists(2) or psutil.Process(2).name() != "kthreadd":
        pytest.skip("the kernel's threads are not visible here")
    failure(gilprof(verb, 2), 4, "thread of the kernel", "CPython process")


@every_verb
@pytest.mark.parametrize("version", unsupported())
def test_too_old_a_python(verb: str, version: str) -> None:
    with dialogue(unsupported()[version], WAIT) as target:
        target.hear()
        failure(gilprof(verb, target.pid), 4, f"it is Python {version}", "supported: 3.11 to 3.15")


@every_verb
def test_another_users_process(verb: str) -> None:
    nobody = as_nobody()
    with dialogue(PYTHON, WAIT) as target:
        target.hear()
        done = gilprof(verb, target.pid, wrapper=nobody)
        failure(done, 3, f"process {target.pid}", "another user (uid 0)", "run gilprof as that user, or ")
        target.tell()
        assert target.process.wait(10) == 0


@every_verb
@pytest.mark.skipif(os.geteuid() == 0, reason="root may read more than others")
def test_a_process_of_root(verb: str) -> None:
    failure(gilprof(verb, 1), 3, "process 1", "(uid 0)", "sudo")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to drop a capability that it has")
@every_verb
def test_without_the_capability_as_in_a_container(verb: str) -> None:
    """root without CAP_SYS_PTRACE, as containers have it: a process with more capabilities is refused."""
    with dialogue(PYTHON, WAIT) as target:
        target.hear()
        drop = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"]
        done = gilprof(verb, target.pid, wrapper=drop)
        line = failure(done, 3, "Permission denied")
        assert "--cap-add=SYS_PTRACE" in line or "sudo" in line


@every_verb
@pytest.mark.parametrize("call", ["process_vm_readv", "pidfd_open"])
def test_a_system_call_that_a_container_forbids(verb: str, call: str) -> None:
    with dialogue(PYTHON, WAIT) as target:
        target.hear()
        done = gilprof(verb, target.pid, wrapper=[sys.executable, FORBID, call])
        failure(done, 3, f"the system refused {call}", "seccomp", "--cap-add=SYS_PTRACE")


@every_verb
def test_a_process_in_a_container_of_its_own(verb: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to make a PID namespace")
    command = ["unshare", "--pid", "--fork", "--kill-child", str(PYTHON), "-c", "print(1, flush=True); input()"]
    with subprocess.Popen(command, stdin=-1, stdout=-1) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        [child] = psutil.Process(parent.pid).children()
        failure(gilprof(verb, child.pid), 4, "container", "run gilprof inside the container")
        parent.kill()


def test_a_stopped_process_is_watched_and_told() -> None:
    with spawn(PYTHON, "spin", 2) as target:
        os.kill(target.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, target.pid, os.WSTOPPED | os.WNOWAIT)
        done = gilprof("attach", target.pid, "-d", "0.5", "--json", "-")
        assert (done.returncode, done.stderr) == (0, "")
        [process] = json.loads(done.stdout)["processes"]
        assert process["stopped_s"] == pytest.approx(process["duration_s"], rel=0.1)
        assert process["observed_s"] < 0.1
        text = gilprof("attach", target.pid, "-d", "0.5")
        assert (text.returncode, text.stderr) == (0, "")
        assert "stopped for" in text.stdout
        assert gilprof("dump", target.pid).returncode == 0
        seen = gilprof("doctor", target.pid)
        assert (seen.returncode, seen.stderr) == (0, "")
        assert f"kill -CONT {target.pid}" in seen.stdout.splitlines()[-1]
        assert psutil.Process(target.pid).status() == psutil.STATUS_STOPPED
        os.kill(target.pid, signal.SIGCONT)
        assert target.stop() == 0


ENDS = {
    "exit": "sys.exit(3)",
    "signal": "import os; os.kill(os.getpid(), 9)",
    "exec of a Python": "import os; os.execv(sys.executable, [sys.executable, '-c', 'input()'])",
    "exec of another program": "import os; os.execv('/bin/cat', ['cat'])",
}


@pytest.mark.parametrize("how", ENDS)
def test_the_end_at_a_random_moment_of_attaching(how: str) -> None:
    """Whatever it meets, gilprof ends with a report, or with one line and the status for it."""
    moments = [random.Random(f"{how} {n}").uniform(0, LATEST_S) for n in range(ROUNDS // len(ENDS))]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        statuses = list(pool.map(lambda moment: _ends_at(how, moment), moments))
    assert set(statuses) <= {0, 4, 5}


def _ends_at(how: str, moment_s: float) -> int:
    """gilprof's status."""
    with dialogue(PYTHON, f"{WAIT}{ENDS[how]}\n") as target, ThreadPoolExecutor(1) as pool:
        target.hear()
        watching = pool.submit(gilprof, "attach", target.pid, "-d", "1", "--json", "-")
        time.sleep(moment_s)
        target.tell()
        done = watching.result()
        if done.returncode:
            words = {4: "reading process", 5: "process"}[done.returncode]
            failure(done, done.returncode, words, str(target.pid))
        else:
            assert done.stderr == ""
            [process] = json.loads(done.stdout)["processes"]
            expected = {"exit": "exit", "signal": "signal 9"}.get(how, "exec")
            assert process["ended"] == expected or (how == "exec of a Python" and process["ended"] is None)
    return done.returncode


def test_a_process_that_execs_without_end() -> None:
    """Each Python in it lives for a moment only."""
    code = "import os\ntell(0)\nos.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])\n"
    with dialogue(PYTHON, code) as target, ThreadPoolExecutor(AT_ONCE) as pool:
        watching = [pool.submit(gilprof, "attach", target.pid, "-d", "0.5", "--json", "-") for _ in range(2 * AT_ONCE)]
        while not all(one.done() for one in watching):
            target.hear()
        for one in watching:
            done = one.result()
            if done.returncode:
                assert done.returncode in (4, 5)
                failure(done, done.returncode, str(target.pid))
