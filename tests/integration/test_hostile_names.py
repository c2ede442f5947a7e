"""Names that are commands to a terminal, from a real target to a real terminal: shown, not sent."""

from __future__ import annotations

import errno
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.interpreters import interpreters
from tests.support.spawn import spawn

ROOT = Path(__file__).parents[2]
ENDS = ("3.11", "3.15")
some_interpreters = pytest.mark.parametrize(
    "python", [path for version, path in interpreters().items() if version in ENDS], ids=ENDS
)
REPLACED = "\ufffd"
"""A lone surrogate in the name of a thread: threads have their names as the recording keeps them, in UTF-8."""
OWN = re.compile(rb"\r\n|\r\x1b\[K|\x1b\[[0-9;]*m")
"""What gilprof itself sends: line ends, its progress line's, and colours."""


def on_terminal(*args: object, status: int = 0) -> bytes:
    """All that ``gilprof ARGS`` sends to a terminal of 200 columns that is its standard streams."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "TERM": "xterm"}
    command = [sys.executable, "-m", "gilprof", *map(str, args)]
    process = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=environment)
    os.close(follower)
    said = b""
    try:
        while part := os.read(leader, 65536):
            said += part
    except OSError as error:
        assert error.errno == errno.EIO, "the terminal's other end has been closed"
    finally:
        os.close(leader)
    assert process.wait(60) == status, said
    return said


def check(said: bytes, *shown: str) -> None:
    """Nothing but text and gilprof's own sequences; the names stand there, written out."""
    text = OWN.sub(b"\n", said).decode("utf-8")
    assert all(c.isprintable() or c == "\n" for c in text), [c for c in text if not c.isprintable() and c != "\n"]
    for name in shown:
        assert name in text


@some_interpreters
def test_names_are_shown_not_sent(python: Path, tmp_path: Path) -> None:
    file = tmp_path / "hostile.gilprof"
    with spawn(python, "hostile_names") as target:
        attached = on_terminal("attach", target.pid, "--no-live", "-d", "1.2", "-o", file)
        dumped = on_terminal("dump", target.pid)
        dumped_json = on_terminal("dump", target.pid, "--json")
    assert attached.count(b"\r\x1b[K") >= 2, "there was a progress line"
    check(attached, r"c1\x9b31m\x00nul\x7f")
    stack = (r"esc\x1b[2J\x1b]0;owned\x07", r"line\r\nbreak\u2028", r"bidi\u202e\u2066txt", r"lone\udcff\ud800")
    check(dumped, *stack, r"\x1b[31mred.py", r"t\x1b[2J\x1b]0;owned\x07\n\u202e" + REPLACED)
    check(on_terminal("report", file), r"c1\x9b31m\x00nul\x7f")
    for said in (dumped_json, on_terminal("report", file, "--json")):
        assert said.isascii()
        assert b"\x1b" not in said
    report = json.loads(on_terminal("report", file, "--json"))
    functions = {row["name"] for row in report["processes"][0]["functions"]}
    assert set(target.extra["names"][:5]) <= functions, "JSON has the names as they are"


@some_interpreters
def test_messages_about_a_hostile_command_line(python: Path, tmp_path: Path) -> None:
    """A file's name in an error, and the target's own command line in the report."""
    missing = tmp_path / "\x1b[2Jno\x07.gilprof"
    check(on_terminal("report", missing, status=1), r"\x1b[2Jno\x07.gilprof")
    with spawn(python, "spin", "1", "\x1b]0;owned\x07") as target:
        check(on_terminal("attach", target.pid, "--no-live", "-d", "0.3"), r"\x1b]0;owned\x07")
