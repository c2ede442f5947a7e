"""``gilprof run``: the program's standard streams, descriptors and environment are what they would be without."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.running import RECORDED, TIMEOUT_S, command, environment, run, running

STATE = """
import json, os, signal, sys
PUBLIC = (1 << 31) - 1  # glibc's posix_spawn leaves 32, its own SIGCANCEL, ignored
fds = {fd: os.readlink(f"/proc/self/fd/{fd}") for fd in map(int, os.listdir("/proc/self/fd"))
       if os.path.exists(f"/proc/self/fd/{fd}")}
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "fds": {fd: path for fd, path in fds.items() if "/proc/" not in path},
    "environment": dict(os.environ), "folder": os.getcwd(), "group": os.getpgrp(), "session": os.getsid(0),
    "signals": [int(status[key], 16) & PUBLIC for key in ("SigBlk", "SigIgn", "SigCgt")],
    "nice": os.nice(0), "limits": open("/proc/self/limits").read(),
}))
"""


def test_standard_output_is_the_programs_alone(tmp_path: Path) -> None:
    done = run(tmp_path, "-c", RECORDED + r"import sys; sys.stdout.buffer.write(bytes(range(256)))")
    assert done.stdout == bytes(range(256))
    assert b"gilprof: recorded in " in done.stderr


def test_standard_error_is_the_programs_first(tmp_path: Path) -> None:
    done = run(tmp_path, "-c", "import sys; print('mine', file=sys.stderr)")
    assert done.stderr.startswith(b"mine\n")


def test_a_program_that_reads_to_the_end(tmp_path: Path) -> None:
    data = os.urandom(1 << 20)
    done = run(tmp_path, "-c", "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())", input=data)
    assert done.stdout == data


def test_what_the_program_leaves_of_standard_input_is_for_others(tmp_path: Path) -> None:
    """As in a shell's ``while read`` loop."""
    file = tmp_path / "lines"
    file.write_text("one\ntwo\n")
    with file.open("rb", buffering=0) as stream:
        done = run(tmp_path, "-c", "import os; print(os.read(0, 4))", stdin=stream)
        assert done.stdout == b"b'one\\n'\n"
        assert stream.read() == b"two\n"


def test_a_dialogue(tmp_path: Path) -> None:
    with running(tmp_path, "-c", "print(input(), flush=True); print(input(), flush=True)") as program:
        program.tell("a")
        assert program.hear() == "a"
        program.tell("b")
        assert program.hear() == "b"
        assert program.end()[0] == 0


def test_everything_else_is_the_same_with_and_without(tmp_path: Path) -> None:
    read, write = os.pipe()
    try:
        options = {"cwd": tmp_path, "env": environment(), "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                   "pass_fds": [write], "timeout": TIMEOUT_S, "check": True}  # fmt: skip
        with (tmp_path / "errors").open("wb") as errors:
            plain = subprocess.run([sys.executable, "-c", STATE], stderr=errors, **options)  # type: ignore[call-overload]
            under = subprocess.run(command("-c", STATE), stderr=errors, **options)  # type: ignore[call-overload]
    finally:
        os.close(read)
        os.close(write)
    without, within = json.loads(plain.stdout), json.loads(under.stdout)
    for state in (without, within):
        del state["fds"]["1"]  # a pipe of its own each time
    assert within == without
    assert str(write) in within["fds"]


def test_a_reader_that_has_enough(tmp_path: Path) -> None:
    """``gilprof run ... | head -1``: the program is told by its own write, as without gilprof."""
    line = " ".join(f"'{word}'" for word in command("-q", "-c", "while True: print(1)"))
    done = subprocess.run(
        ["bash", "-c", f"{line} 2>errors | head -1; exit ${{PIPESTATUS[0]}}"],
        cwd=tmp_path, env=environment(), capture_output=True, timeout=TIMEOUT_S,
    )  # fmt: skip
    assert done.stdout == b"1\n"
    assert done.returncode == 1
    assert "BrokenPipeError" in (tmp_path / "errors").read_text()


def test_nobody_reads_standard_error(tmp_path: Path) -> None:
    """The report has no place to go; the status is the program's all the same."""
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            command("-c", "raise SystemExit(3)"), cwd=tmp_path, env=environment(), stderr=write, timeout=TIMEOUT_S
        )
    finally:
        os.close(write)
    assert done.returncode == 3


def test_without_standard_error(tmp_path: Path) -> None:
    line = " ".join(f"'{word}'" for word in command("-c", "raise SystemExit(3)"))
    assert subprocess.run(["sh", "-c", f"{line} 2>&-"], cwd=tmp_path, env=environment()).returncode == 3
