"""The pseudo-terminal of a program: nothing that is written to it is lost or comes out of order."""

from __future__ import annotations

import errno
import os
import signal
import sys
import time

import pytest

from gilprof.cli.running.program_terminal import ProgramTerminal
from gilprof.errors import FileError
from gilprof.target.launch import Launched, launch

DEADLINE_S = 30.0
MUCH = 300_000
"""More than a pseudo-terminal or a pipe holds: a program that nobody reads would stop."""


def start(code: str) -> tuple[ProgramTerminal, Launched]:
    terminal = ProgramTerminal()
    terminal.hold()
    program = launch([sys.executable, "-c", code], (), terminal.path)
    terminal.started()
    return terminal, program


def test_output_is_kept_back_and_then_written(capfd: pytest.CaptureFixture[str]) -> None:
    terminal, program = start(f"import sys; print('x' * {MUCH}); print('é\\tend', file=sys.stderr); sys.exit(3)")
    assert program.reap() == 3
    terminal.finish()
    out, err = capfd.readouterr()
    assert out == "x" * MUCH + "\né\tend\n", "as it was written, a terminal being one stream"
    assert err == ""


def test_released_output_comes_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    terminal, program = start("print('before', flush=True); input(); print('after')")
    terminal.type("go on")
    assert program.reap() == 0
    assert capfd.readouterr().out == ""
    terminal.release()
    terminal.finish()
    assert capfd.readouterr().out == "before\nafter\n"


def test_it_is_the_programs_controlling_terminal() -> None:
    terminal, program = start(
        "import os; t = os.open('/dev/tty', os.O_RDWR); us = os.getpid(); "
        "raise SystemExit(os.tcgetpgrp(t) != us or os.getsid(0) != us)"
    )
    assert program.reap() == 0
    terminal.finish()


@pytest.mark.parametrize(("typed", "status"), [("end_input", 5), ("interrupt", 6)])
def test_interrupt_and_end_of_input(typed: str, status: int) -> None:
    terminal, program = start(
        "import sys\ntry: print('up', flush=True); sys.stdin.read(); sys.exit(5)\nexcept KeyboardInterrupt: sys.exit(6)"
    )
    _await(terminal, b"up")
    assert getattr(terminal, typed)()
    assert program.reap() == status
    terminal.finish()


def test_a_child_that_stays_does_not_hold_us_up(capfd: pytest.CaptureFixture[str]) -> None:
    terminal, program = start(
        "import os, signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "child = os.fork()\nif child: print(child)\nelse: signal.pause()"
    )
    assert program.reap() == 0
    terminal.finish()
    os.kill(int(capfd.readouterr().out), signal.SIGKILL)


def test_no_pseudo_terminal_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "openpty", none)
    with pytest.raises(FileError, match=r"No space left on device.*run it without --live"):
        ProgramTerminal()


def test_its_size_is_that_of_ours() -> None:
    terminal, program = start("import os; input(); raise SystemExit(os.get_terminal_size() != (99, 33))")
    terminal.resize(99, 33)
    terminal.type("now")
    assert program.reap() == 0
    terminal.finish()


def _await(terminal: ProgramTerminal, written: bytes) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while written not in terminal.newest()[1]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
