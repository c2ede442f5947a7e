"""``gilprof run`` on a terminal: the program has it, with keys, screen, job control and hang-up."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.support.running import RECORDED, command, environment, recorded, unwrapped
from tests.support.terminal import Terminal, terminal

ENVIRONMENT = environment(TERM="xterm", PS1="", PS2="", NO_COLOR="")


def test_the_program_has_the_terminal(tmp_path: Path) -> None:
    code = """
import json, os
print(json.dumps([[os.isatty(fd) for fd in range(3)], os.ttyname(0) == os.ttyname(2),
                  os.tcgetpgrp(0) == os.getpgrp() == os.getpgid(os.getppid())]), flush=True)
raise SystemExit(4)
"""
    (tmp_path / "app.py").write_text(RECORDED + code)
    with terminal(command("app.py"), tmp_path, ENVIRONMENT) as screen:
        status, shown = screen.end()
    assert json.loads(shown.splitlines()[0]) == [[True, True, True], True, True]
    assert status == 4
    assert "gilprof: recorded in" in shown


def test_curses(tmp_path: Path) -> None:
    pytest.importorskip("curses")
    code = """
import curses
def main(screen):
    screen.addstr(2, 4, f"{curses.LINES} lines, press q")
    screen.refresh()
    while screen.getkey() != "q":
        screen.addstr(3, 4, "not that one")
        screen.refresh()
curses.wrapper(main)
raise SystemExit(3)
"""
    (tmp_path / "app.py").write_text(RECORDED + code)
    with terminal(command("app.py"), tmp_path, ENVIRONMENT) as screen:
        screen.await_text("lines, press q")
        screen.type("x")
        screen.await_text("not that one")
        screen.type("q")
        drawn = screen.await_text("\x1b[?1049l")  # back from the alternate screen
        status, after = screen.end()
    assert status == 3
    assert "gilprof" not in drawn
    assert "ended: exit" in unwrapped(after)


@pytest.mark.parametrize(("key", "number"), [("\x03", signal.SIGINT), ("\x1c", signal.SIGQUIT)])
def test_keys_that_end_the_program(key: str, number: int, tmp_path: Path) -> None:
    code = "import signal; signal.signal(2, signal.SIG_DFL); print('ready', flush=True); signal.pause()"
    (tmp_path / "app.py").write_text(RECORDED + code)
    with terminal(command("app.py"), tmp_path, ENVIRONMENT) as screen:
        await_line(screen, "ready")
        screen.type(key)
        status, after = screen.end()
    assert status == 128 + number
    assert f"ended: signal {number}" in unwrapped(after)


def test_interrupts_that_the_program_handles(tmp_path: Path) -> None:
    """Ctrl-C is for it, as often as it likes. It never blocks for long: a signal that arrives between the interpreter's
    last look for one and a read would be handled after the read."""
    code = """
for _ in range(3):
    try:
        print("ready", flush=True)
        while True:
            time.sleep(0.01)
    except KeyboardInterrupt:
        print("never mind", flush=True)
"""
    (tmp_path / "app.py").write_text(RECORDED + code)
    with terminal(command("app.py"), tmp_path, ENVIRONMENT) as screen:
        for _ in range(3):
            await_line(screen, "ready")
            screen.type("\x03")
            screen.await_text("never mind")
        assert screen.end()[0] == 0


def test_job_control(tmp_path: Path) -> None:
    """^Z stops the job for the shell, ``fg`` continues it, ``$?`` is the program's status."""
    (tmp_path / "app.py").write_text(
        RECORDED + "print('ready', flush=True); print('got', input()); raise SystemExit(6)"
    )
    with terminal(["bash", "--norc", "--noediting", "-i"], tmp_path, ENVIRONMENT) as screen:
        screen.type(" ".join(f"'{word}'" for word in command("app.py")) + "\n")
        await_line(screen, "ready")
        screen.type("\x1a")
        screen.await_text("Stopped")
        screen.type("echo the shell is $((40 + 2))\n")
        screen.await_text("the shell is 42")
        screen.type("fg\n")
        screen.type("an answer\n")
        screen.await_text("got an answer")
        screen.await_text("gilprof: recorded in")
        screen.type("echo status $?\n")
        screen.await_text("status 6")
        screen.type("exit\n")
        screen.end()
    assert recorded(tmp_path).ended == "exit"


def test_in_the_background_and_reading(tmp_path: Path) -> None:
    """Stopped by its read, as any job; ``fg`` gives it the terminal."""
    (tmp_path / "app.py").write_text(RECORDED + "print('got', input()); raise SystemExit(6)")
    with terminal(["bash", "--norc", "--noediting", "-i"], tmp_path, ENVIRONMENT) as screen:
        screen.type("set -b\n")  # tell about jobs at once
        screen.type(" ".join(f"'{word}'" for word in command("app.py")) + " &\n")
        screen.await_text("Stopped")
        screen.type("fg\n")
        screen.type("an answer\n")
        screen.await_text("got an answer")
        screen.await_text("gilprof: recorded in")
        screen.type("exit\n")
        screen.end()


def test_the_terminal_is_closed(tmp_path: Path) -> None:
    """The program is hung up by the kernel; gilprof completes the recording."""
    (tmp_path / "app.py").write_text(RECORDED + "import signal\nprint('ready', flush=True)\nsignal.pause()")
    read, write = os.pipe()
    os.set_inheritable(write, True)
    with terminal(command("app.py"), tmp_path, ENVIRONMENT) as screen:
        os.close(write)
        await_line(screen, "ready")
    assert os.read(read, 1) == b""  # when the last process that had it has ended
    os.close(read)
    assert recorded(tmp_path).ended == f"signal {signal.SIGHUP}"


def await_line(screen: Terminal, line: str) -> None:
    """Until it was written to its end, and not only echoed by a shell."""
    screen.await_text(f"{line}\r\n")
