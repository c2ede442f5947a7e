"""``gilprof doctor`` where the system is made up: Yama's levels, capabilities, containers, what is shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from gilprof.doctor.checks.rules import rules
from gilprof.doctor.checks.user import user
from gilprof.doctor.diagnosis import Diagnosis
from gilprof.doctor.finding import Finding, Level
from gilprof.doctor.json import diagnosis_json
from gilprof.doctor.text import diagnosis_text
from gilprof.errors import PermissionRefused
from gilprof.target.access import PTRACE_SCOPE, next_step
from gilprof.target.container import MANAGER, SERVICE_ACCOUNT, ReadText, container

STATUS = Path("/proc/self/status")
ORDINARY = "Uid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000000000\n"
CAPABLE = "Uid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\n"
DOCKER = Path("/.dockerenv")


def reader(files: Mapping[Path, str]) -> ReadText:
    def read(path: Path) -> str:
        if path not in files:
            raise FileNotFoundError(path)
        return files[path]

    return read


def system(scope: int | None, own: str = ORDINARY, inside: bool = False) -> ReadText:
    files = {STATUS: own, Path("/proc/7/status"): "Uid:\t1000\t1000\t1000\t1000\n"}
    if scope is not None:
        files[PTRACE_SCOPE] = f"{scope}\n"
    if inside:
        files[DOCKER] = ""
    return reader(files)


@pytest.mark.parametrize(
    ("scope", "own", "inside", "level", "words"),
    [
        (None, ORDINARY, False, Level.OK, ""),
        (0, ORDINARY, False, Level.OK, ""),
        (1, ORDINARY, False, Level.NOTE, "sudo sysctl kernel.yama.ptrace_scope=0"),
        (1, ORDINARY, True, Level.NOTE, "--cap-add=SYS_PTRACE"),
        (1, CAPABLE, False, Level.OK, ""),
        (2, ORDINARY, False, Level.NOTE, "run gilprof with sudo"),
        (2, ORDINARY, True, Level.NOTE, "--cap-add=SYS_PTRACE"),
        (2, CAPABLE, False, Level.OK, ""),
        (3, ORDINARY, False, Level.NOTE, "reboot"),
        (3, CAPABLE, False, Level.NOTE, "reboot"),
    ],
)
def test_each_level_of_yama(scope: int | None, own: str, inside: bool, level: Level, words: str) -> None:
    found = rules(system(scope, own, inside))
    assert found.level is level
    assert words in found.verdict
    assert bool(found.verdict) == (level is Level.NOTE)
    assert "no Yama" in found.found if scope is None else f"ptrace_scope is {scope}" in found.found


@pytest.mark.parametrize("scope", [1, 2, 3])
def test_a_refusal_says_what_the_rules_say(scope: int) -> None:
    """One cause, one remedy, whether asked before or after attach has failed."""
    for inside in (False, True):
        remedy = rules(system(scope, inside=inside)).verdict.partition("first: ")[2]
        assert remedy
        assert remedy in next_step(7, system(scope, inside=inside))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, ""),
        ({DOCKER: ""}, "docker"),
        ({Path("/run/.containerenv"): ""}, "podman"),
        ({MANAGER: "lxc\n"}, "lxc"),
        ({DOCKER: "", SERVICE_ACCOUNT: "default"}, "kubernetes"),
    ],
)
def test_containers_are_told_by_their_marks(files: dict[Path, str], expected: str) -> None:
    assert container(reader(files)) == expected


def test_a_container_without_yama_lacks_the_capability() -> None:
    assert "--cap-add=SYS_PTRACE" in next_step(7, system(0, inside=True))
    assert "--cap-add" not in next_step(7, system(0))


@pytest.mark.parametrize("inside", [False, True])
def test_another_users_process(inside: bool) -> None:
    files = {STATUS: ORDINARY, Path("/proc/7/status"): "Uid:\t33\t33\t33\t33\n"} | ({DOCKER: ""} if inside else {})
    step = next_step(7, reader(files))
    assert "(uid 33): run gilprof as that user, or " in step
    assert ("sudo" in step) != inside
    assert ("--cap-add=SYS_PTRACE" in step) == inside


def test_who_gilprof_is() -> None:
    assert "without CAP_SYS_PTRACE" in user(system(0)).found
    assert "container" not in user(system(0)).found
    assert user(system(0, CAPABLE, inside=True)).found.endswith("with CAP_SYS_PTRACE, in a container (docker)")


RULES = Finding("ptrace", Level.NOTE, "kernel.yama.ptrace_scope is 1", "only those that 'gilprof run' starts")
TRIAL = Finding("trial", Level.OK, "4.1 % of a core", cost_share=0.041)
SLOW = Finding("trial", Level.NOTE, "50 % of a core", "only 400 Hz attained: ask for less with -r", cost_share=0.5)


@pytest.mark.parametrize(
    ("pid", "findings", "verdict"),
    [
        (7, (TRIAL,), "process 7 can be profiled: everything is known, about 4.1 % of a core at 1 kHz"),
        (7, (RULES, TRIAL), "process 7 can be profiled: everything is known, about 4.1 % of a core at 1 kHz"),
        (None, (TRIAL,), "this machine can be profiled: everything is known, about 4.1 % of a core at 1 kHz"),
        (
            None,
            (RULES, TRIAL),
            "this machine can be profiled (about 4.1 % of a core at 1 kHz), but only those that 'gilprof run' starts",
        ),
        (
            7,
            (SLOW,),
            "process 7 can be profiled (about 50 % of a core at 1 kHz), but only 400 Hz attained: ask for less with -r",
        ),
    ],
)
def test_the_verdict(pid: int | None, findings: tuple[Finding, ...], verdict: str) -> None:
    made = Diagnosis(pid, findings, None)
    assert diagnosis_text(made).splitlines()[-2:] == ["", verdict]
    shown = json.loads(diagnosis_json(made))
    assert (shown["status"], shown["verdict"], shown["next_step"]) == (0, verdict, None)


def test_what_is_in_the_way() -> None:
    error = PermissionRefused("reading process 7", "the system refused (EPERM)", "sudo sysctl x=0")
    made = Diagnosis(7, (RULES, Finding("permission", Level.NO, error.answered)), error)
    assert diagnosis_text(made).splitlines() == [
        "note  ptrace      kernel.yama.ptrace_scope is 1",
        "no    permission  the system refused (EPERM)",
        "",
        "process 7 cannot be profiled: the system refused (EPERM); sudo sysctl x=0",
    ]
    shown = json.loads(diagnosis_json(made))
    assert (shown["status"], shown["next_step"], shown["cost"]["core_share"]) == (3, "sudo sysctl x=0", None)
    assert [row["level"] for row in shown["checks"]] == ["note", "no"]
