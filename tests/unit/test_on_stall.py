"""The command of ``--on-stall``: it gets everything, however much, and one failure is not for ever."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gilprof.cli.profiling import stall_command
from gilprof.cli.profiling.stall_command import LONGEST_VARIABLE, StallCommand

WRITER = """
import json, os, sys
told = {name: os.environ["GILPROF_STALL_" + name.upper()] for name in ("victims", "pid")}
told["stdin"] = json.load(sys.stdin)
open(sys.argv[1] + ".part", "w").write(json.dumps(told))
os.rename(sys.argv[1] + ".part", sys.argv[1])
"""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def command(tmp_path: Path, said: list[str]) -> Iterator[StallCommand]:
    script = tmp_path / "writer.py"
    script.write_text(WRITER)
    made = StallCommand(f"{sys.executable} {script} {tmp_path}/told", 4242, said.append)
    yield made
    made.end()


VICTIMS = {
    "few": "a,b",
    "hostile": "\udcff\ud800\0x",
    "many": ",".join(f"worker-thread-number-{n}" for n in range(20_000)),
}


@pytest.mark.parametrize("victims", VICTIMS.values(), ids=VICTIMS.keys())
def test_it_gets_all_facts(command: StallCommand, tmp_path: Path, said: list[str], victims: str) -> None:
    command.run({"victims": victims})
    command.end()
    told = json.loads((tmp_path / "told").read_text())
    assert told["stdin"] == {"victims": victims, "pid": "4242"}
    assert told["pid"] == "4242"
    shown = told["victims"]
    assert len(shown.encode(errors="surrogateescape")) <= LONGEST_VARIABLE + 4
    assert shown == victims or shown.endswith(" ...") or "\0" in victims
    assert said == []


def test_a_failure_is_told_once_and_is_not_for_ever(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stall_command, "EVERY_S", 0.0)
    program = tmp_path / "program"
    command = StallCommand(str(program), 4242, said.append)
    for _ in range(2):
        command.run({"victims": "a"})
    assert len(said) == 1
    assert "No such file" in said[0]
    program.write_text(f"#!/bin/sh\ncat > {tmp_path}/told\n")
    program.chmod(0o755)
    command.run({"victims": "a"})
    command.end()
    deadline = time.monotonic() + 30
    while not (tmp_path / "told").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert json.loads((tmp_path / "told").read_text()) == {"victims": "a", "pid": "4242"}
    assert os.environ.get("GILPROF_STALL_PID") is None
