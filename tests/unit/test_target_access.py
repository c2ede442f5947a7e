"""The one next step for a refused permission."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gilprof.target.access import PTRACE_SCOPE, next_step, ptrace_scope, refusal
from gilprof.target.container import ReadText

OWN = "Uid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000000000\n"
SAME_USER = "Uid:\t1000\t1000\t1000\t1000\n"
OTHER_USER = "Uid:\t33\t33\t33\t33\n"
SETUID = "Uid:\t1000\t0\t0\t0\n"
CAPABLE = "Uid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\n"


def reader(files: Mapping[Path, str]) -> ReadText:
    def read(path: Path) -> str:
        if path not in files:
            raise FileNotFoundError(path)
        return files[path]

    return read


def system(own: str, target: str, scope: int | None) -> ReadText:
    files = {Path("/proc/self/status"): own, Path("/proc/7/status"): target}
    if scope is not None:
        files[PTRACE_SCOPE] = f"{scope}\n"
    return reader(files)


@pytest.mark.parametrize(
    ("own", "target", "scope", "expected"),
    [
        (OWN, OTHER_USER, 0, "uid 33"),
        (OWN, OTHER_USER, 1, "uid 33"),
        (OWN, SAME_USER, 1, "ptrace_scope=0"),
        (OWN, SAME_USER, 2, "sudo"),
        (OWN, SAME_USER, 3, "reboot"),
        (OWN, SETUID, 0, "setuid"),
        (OWN, SAME_USER, 0, "sudo"),
        (OWN, SAME_USER, None, "sudo"),
        (CAPABLE, OTHER_USER, 1, "security module"),
    ],
)
def test_each_cause_has_its_step(own: str, target: str, scope: int | None, expected: str) -> None:
    assert expected in next_step(7, system(own, target, scope))


def test_nothing_readable_still_gives_a_step() -> None:
    assert next_step(7, reader({}))


def test_scope_of_strange_systems() -> None:
    assert ptrace_scope(reader({})) is None
    assert ptrace_scope(reader({PTRACE_SCOPE: "what?"})) is None


def test_the_error_says_all_three() -> None:
    error = refusal(7, PermissionError(13, "Permission denied"), system(OWN, SAME_USER, 1))
    assert error.status == 3
    assert "process 7" in error.tried
    assert "Permission denied" in error.answered
    assert error.next_step
