"""``gilprof run`` and signals: the program gets what it would get, and decides."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.support.running import POLL_S, RECORDED, TIMEOUT_S, recorded, running, unwrapped

READY = RECORDED + "print('ready', flush=True)\n"
HANDLES = (
    RECORDED
    + """
import signal, sys
def handle(number, frame):
    print("got", number, flush=True)
    sys.exit(5)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
    signal.signal(number, handle)
print("ready", flush=True)
while True:
    signal.pause()
"""
)
PASSED_ON = [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT, *PASSED_ON])
def test_to_the_group_ends_the_program(number: int, tmp_path: Path) -> None:
    """As Ctrl-C on a terminal; the report follows."""
    with running(tmp_path, "-c", READY + "import signal; signal.pause()") as program:
        assert program.hear() == "ready"
        os.killpg(program.pid, number)
        status, told = program.end()
    assert status == 128 + number
    assert f"ended: signal {number}" in unwrapped(told)
    assert recorded(tmp_path).ended == f"signal {number}"


@pytest.mark.parametrize("number", [signal.SIGINT, *PASSED_ON])
def test_to_the_group_and_handled(number: int, tmp_path: Path) -> None:
    with running(tmp_path, "-c", HANDLES) as program:
        assert program.hear() == "ready"
        os.killpg(program.pid, number)
        assert program.hear() == f"got {number}"
        status, told = program.end()
    assert status == 5
    assert "ended: exit" in unwrapped(told)


@pytest.mark.parametrize("number", PASSED_ON)
def test_to_gilprof_alone_is_passed_on(number: int, tmp_path: Path) -> None:
    with running(tmp_path, "-c", HANDLES) as program:
        assert program.hear() == "ready"
        os.kill(program.pid, number)
        assert program.hear() == f"got {number}"
        status, told = program.end()
    assert status == 5
    assert "ended: exit" in unwrapped(told)


def test_passed_on_and_not_handled(tmp_path: Path) -> None:
    with running(tmp_path, "-c", READY + "import signal; signal.pause()") as program:
        assert program.hear() == "ready"
        os.kill(program.pid, signal.SIGTERM)
        status, told = program.end()
    assert status == 128 + signal.SIGTERM
    assert f"ended: signal {signal.SIGTERM}" in unwrapped(told)


def test_a_program_that_ignores_them_goes_on(tmp_path: Path) -> None:
    ignores = "import signal\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\n"
    with running(tmp_path, "-c", ignores + READY + "print(input(), flush=True)") as program:
        assert program.hear() == "ready"
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.killpg(program.pid, number)
        program.tell("still here")
        assert program.hear() == "still here"
        assert program.end()[0] == 0


def test_interrupts_to_gilprof_alone_are_not_the_programs(tmp_path: Path) -> None:
    """Only a terminal sends them, and it sends them to both."""
    with running(tmp_path, "-c", READY + "print(input(), flush=True)") as program:
        assert program.hear() == "ready"
        os.kill(program.pid, signal.SIGINT)
        program.tell("still here")
        assert program.hear() == "still here"
        status, told = program.end()
    assert status == 0
    assert "Traceback" not in told


def test_a_keyboard_interrupt_has_one_traceback_the_programs(tmp_path: Path) -> None:
    with running(tmp_path, "-c", READY + "input()") as program:
        assert program.hear() == "ready"
        os.killpg(program.pid, signal.SIGINT)
        status, told = program.end()
    assert status == 128 + signal.SIGINT
    assert told.count("Traceback (most recent call last)") == told.count("KeyboardInterrupt") == 1


def test_before_there_is_a_python(tmp_path: Path) -> None:
    """Signals are answered from the first moment on."""
    with running(tmp_path, "--", "sh", "-c", "trap 'echo got; exit 5' TERM; echo ready; read line") as program:
        assert program.hear() == "ready"
        os.kill(program.pid, signal.SIGTERM)
        os.killpg(program.pid, signal.SIGCONT)
        assert program.hear() == "got"
        assert program.end()[0] == 5


def test_gilprof_killed(tmp_path: Path) -> None:
    """The program goes on with its streams, and what was recorded by then can be read."""
    with running(tmp_path, "-c", READY + "print(input(), flush=True)") as program:
        assert program.hear() == "ready"
        os.kill(program.pid, signal.SIGKILL)
        assert program.process.wait(TIMEOUT_S) == -signal.SIGKILL
        program.tell("still here")
        assert program.hear() == "still here"
        assert program.hear() == ""
    assert recorded(tmp_path).ended is None


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGTSTP])
def test_a_stopped_program_is_waited_for(number: int, tmp_path: Path) -> None:
    code = READY + f"import os, signal; os.kill(os.getpid(), {int(number)}); print('continued', flush=True)"
    with running(tmp_path, "-c", code) as program:
        assert program.hear() == "ready"
        (child,) = children(program.pid)
        await_stop(child)
        if number == signal.SIGTSTP:  # a shell's ^Z: its job is gilprof
            await_stop(program.pid)
        os.killpg(program.pid, signal.SIGCONT)
        assert program.hear() == "continued"
        assert program.end()[0] == 0


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def await_stop(pid: int) -> None:
    """Until the process is stopped."""
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        time.sleep(POLL_S)
