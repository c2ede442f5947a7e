"""A process's identity and its end."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from gilprof.errors import NoSuchProcess
from gilprof.target.memory import RemoteMemory
from gilprof.target.process import Process
from tests.support.dialogue import dialogue

PYTHON = Path(sys.executable)
END_S = 10.0


def reason_at_the_end(process: Process, memory: RemoteMemory) -> str | None:
    """What ``end_reason`` says as soon as it says something."""
    deadline = time.monotonic() + END_S
    while time.monotonic() < deadline:
        reason = process.end_reason(memory)
        if reason is not None:
            return reason
    return None


@pytest.mark.parametrize("reaped", [True, False], ids=["reaped", "zombie"])
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("sys.exit(0)", "exit"),
        ("sys.exit(3)", "exit"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", f"signal {int(signal.SIGKILL)}"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", f"signal {int(signal.SIGTERM)}"),
    ],
)
def test_how_it_ended(code: str, expected: str, reaped: bool) -> None:
    with (
        dialogue(PYTHON, f"tell(0)\nhear()\n{code}\n") as target,
        Process(target.pid) as process,
        RemoteMemory(target.pid) as memory,
    ):
        target.hear()
        assert process.end_reason(memory) is None
        assert not memory.is_gone()
        target.tell()
        if reaped:
            target.process.wait(END_S)
        assert reason_at_the_end(process, memory) == expected
        if reaped:
            assert not process.is_same()
            with pytest.raises(NoSuchProcess):
                memory.read(0x400000, 8)


def test_exec_is_the_end_of_the_program() -> None:
    code = "import os\ntell(0)\nhear()\nos.execv(sys.executable, [sys.executable, '-c', 'input()'])\n"
    with (
        dialogue(PYTHON, code) as target,
        Process(target.pid) as process,
        RemoteMemory(target.pid) as memory,
    ):
        target.hear()
        assert process.end_reason(memory) is None
        target.tell()
        assert reason_at_the_end(process, memory) == "exec"
        assert process.is_same()


def test_what_it_tells_of_a_living_process() -> None:
    before = time.time()
    with (
        dialogue(PYTHON, "tell(0)\nhear()\n", "an argument", "\udcff") as target,
        Process(target.pid) as process,
    ):
        target.hear()
        assert process.command[0] == str(PYTHON)
        assert process.command[-2:] == ("an argument", "\udcff")
        tick_s = 1 / os.sysconf("SC_CLK_TCK")
        assert before - 2 * tick_s <= process.process_started <= time.time() + tick_s
        assert process.tids() == {target.pid}
        assert process.comm(target.pid) == Path(f"/proc/{target.pid}/comm").read_text().rstrip("\n")
        assert any(mapping.permissions == "r-xp" for mapping in process.maps())


def test_a_reused_pid_is_noticed() -> None:
    """A later process of the same number has another start time."""
    with dialogue(PYTHON, "tell(0)\nhear()\n") as target, Process(target.pid) as process:
        assert process.is_same()
        process.start_ticks -= 1
        assert not process.is_same()
