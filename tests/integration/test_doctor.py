"""``gilprof doctor`` on real processes: what it says is so, and it leaves no trace."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.command import as_nobody, failure, gilprof
from tests.support.dialogue import dialogue
from tests.support.interpreters import Interpreter, variants
from tests.support.spawn import spawn

COST = r"about \S+ % of a core at 1 kHz"


@pytest.mark.parametrize("interpreter", variants(), ids=str)
def test_a_process_that_can_be_profiled(interpreter: Interpreter) -> None:
    with spawn(interpreter.path, "sort_big") as target:
        done = gilprof("doctor", target.pid)
        assert (done.returncode, done.stderr) == (0, "")
        *rows, empty, verdict = done.stdout.splitlines()
        assert empty == ""
        assert re.match(
            rf"process {target.pid} can be profiled(: everything is known, {COST}$| \({COST}\), but )", verdict
        )
        assert [row.split()[1] for row in rows] == [
            "kernel", "user", "ptrace", "process", "children", "permission", "interpreter", "view", "trial",
        ]  # fmt: skip
        assert f"CPython {interpreter.release}, default build, switch interval 5.00 ms" in done.stdout
        assert len(psutil.Process(target.pid).threads()) == 3
        assert target.stop() == 0


def test_this_machine() -> None:
    done = gilprof("doctor", "--json")
    made = json.loads(done.stdout)
    assert (done.returncode, done.stderr, made["status"], made["pid"]) == (0, "", 0, None)
    assert made["schema"] == "gilprof.doctor/1"
    assert made["verdict"].startswith("this machine can be profiled")
    assert 0 < made["cost"]["core_share"] < 1
    assert "no" not in {row["level"] for row in made["checks"]}


def test_the_cost_is_that_of_the_process() -> None:
    """Many threads cost more than few: a figure from the spot, not one from a table."""
    shares = []
    for threads in (2, 200):
        with spawn(Path(sys.executable), "many_threads", threads, 1) as target:
            shares.append(json.loads(gilprof("doctor", target.pid, "--json").stdout)["cost"]["core_share"])
    assert shares[1] > 2 * shares[0]


def test_children_are_named_pythons_first() -> None:
    code = (
        "import subprocess, sys\n"
        "kept = [subprocess.Popen([*words], stdin=-1) for words in (['cat'], [sys.executable, '-S'])]\n"
        "tell([one.pid for one in kept])\n"
        "hear()\n"
    )
    with dialogue(Path(sys.executable), code) as target:
        cat, python = target.hear()
        done = gilprof("doctor", target.pid)
        assert done.returncode == 0
        row = next(row for row in done.stdout.splitlines() if row.split()[1] == "children")
        assert re.search(rf"2 processes below it, .*: {python} \S*python\S* -S \(a Python\), {cat} cat$", row)


@pytest.mark.parametrize("as_json", [False, True])
def test_what_is_in_the_way_ends_the_checks(as_json: bool) -> None:
    nobody = as_nobody()
    with dialogue(Path(sys.executable), "tell(0)\nhear()\n") as target:
        target.hear()
        done = gilprof("doctor", target.pid, *(["--json"] if as_json else []), wrapper=nobody)
    failure(done, 3, "another user (uid 0)")
    if as_json:
        made = json.loads(done.stdout)
        assert made["status"] == 3
        assert made["checks"][-1]["check"] == "permission"
        verdict = made["verdict"]
    else:
        *rows, _, verdict = done.stdout.splitlines()
        assert rows[-1].split()[:2] == ["no", "permission"]
    assert verdict.startswith(f"process {target.pid} cannot be profiled: ")
    assert "run gilprof as that user" in verdict
