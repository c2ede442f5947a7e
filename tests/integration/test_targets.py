"""The programs of known truth: each gets ready under every interpreter, lives on, and ends when told to."""

from __future__ import annotations

import urllib.request

import psutil
import pytest

from tests.support.interpreters import Interpreter, unsupported, variants
from tests.support.spawn import TARGETS, TargetError, spawn

NAMES = sorted(path.stem for path in TARGETS.glob("*.py") if path.stem != "common")
FEWER = {"many_functions": (5, 2)}
"""Arguments of those that take seconds to get ready."""
every_interpreter = pytest.mark.parametrize("interpreter", variants(), ids=str)


@every_interpreter
@pytest.mark.parametrize("name", NAMES)
def test_it_gets_ready_and_ends(interpreter: Interpreter, name: str) -> None:
    with spawn(interpreter.path, name, *FEWER.get(name, ())) as target:
        alive = {thread.id for thread in psutil.Process(target.pid).threads()}
        assert set(target.tids.values()) <= alive
        assert set(target.truth()) == set(target.tids)
        assert target.stop() == 0, target.stderr()


@pytest.mark.parametrize("version", sorted(unsupported()))
def test_spinning_works_on_versions_that_are_not_supported(version: str) -> None:
    with spawn(unsupported()[version], "spin") as target:
        assert target.stop() == 0, target.stderr()


def test_a_target_that_fails_shows_why() -> None:
    with pytest.raises(TargetError, match="No such file"), spawn(variants()[0].path, "no_such_target"):
        pass


def test_every_target_is_in_the_table() -> None:
    table = (TARGETS / "README.md").read_text()
    assert [name for name in NAMES if f"| `{name}` |" not in table] == []


def test_native_threads_are_blocked_and_busy() -> None:
    with spawn(variants()[0].path, "native_threads", 2, 1) as target:
        tids = {thread.id for thread in psutil.Process(target.pid).threads()}
        assert {*target.extra["sleeping"], *target.extra["busy"]} <= tids - set(target.tids.values())
        assert (len(target.extra["sleeping"]), len(target.extra["busy"])) == (2, 1)


def test_hogs_end_with_the_target() -> None:
    with spawn(variants()[0].path, "starved") as target:
        hogs = [psutil.Process(pid) for pid in target.extra["hogs"]]
        assert hogs
    _, alive = psutil.wait_procs(hogs, timeout=10)
    assert alive == []


def test_the_service_answers() -> None:
    with spawn(variants()[0].path, "service") as target:
        url = f"http://127.0.0.1:{target.extra['port']}/"
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert answer.status == 200
        assert target.truth()["server"]["requests"] == 1
