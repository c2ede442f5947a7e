"""The words of ``gilprof run``: which are its own, which the program's, and what the program is called."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gilprof.cli import cli
from gilprof.cli.run import run
from gilprof.cli.running.program import Program, program_of
from gilprof.errors import UsageError


def parsed(*words: str) -> dict[str, object]:
    return run.make_context("run", list(words)).params


@pytest.mark.parametrize(
    ("words", "program", "is_command"),
    [
        (["app.py"], ("app.py",), False),
        (["app.py", "-d", "5", "--json", "x"], ("app.py", "-d", "5", "--json", "x"), False),
        (["app.py", "--", "-m"], ("app.py", "--", "-m"), False),
        (["-d", "5", "app.py", "--help"], ("app.py", "--help"), False),
        (["--", "make", "-j", "2"], ("make", "-j", "2"), True),
        (["-q", "--", "env", "--", "x"], ("env", "--", "x"), True),
        (["-m", "http.server", "--cgi"], ("http.server", "--cgi"), False),
        (["-c", "print(1)", "-c"], ("print(1)", "-c"), False),
        (["-", "a"], ("-", "a"), False),
    ],
)
def test_what_follows_the_program_is_its_own(words: list[str], program: tuple[str, ...], is_command: bool) -> None:
    params = parsed(*words)
    assert params["program"] == program
    assert params["is_command"] is is_command


def test_options_before_the_program_are_gilprofs() -> None:
    params = parsed("-d", "2m", "-m", "--python", "python9", "app")
    assert (params["duration"], params["as_module"], params["python"]) == (120.0, True, "python9")


def test_script(tmp_path: Path) -> None:
    script = tmp_path / "app.py"
    script.touch()
    made = program_of([str(script), "-x"], None, False, None)
    assert made == Program((sys.executable, str(script), "-x"), "app.py")


@pytest.mark.parametrize(
    ("arguments", "kind", "command", "name"),
    [
        (["pkg.tool", "a"], "-m", ("-m", "pkg.tool", "a"), "pkg.tool"),
        (["pass"], "-c", ("-c", "pass"), "code"),
        (["-", "a"], None, ("-", "a"), "stdin"),
        (["."], None, (".",), Path.cwd().name),
    ],
)
def test_other_kinds(arguments: list[str], kind: str | None, command: tuple[str, ...], name: str) -> None:
    assert program_of(arguments, kind, False, "python9") == Program(("python9", *command), name)


def test_any_command() -> None:
    assert program_of(["/usr/bin/env", "python3", "-V"], None, True, None) == Program(
        ("/usr/bin/env", "python3", "-V"), "env"
    )


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("app.py", "gilprof-app.py.7.gilprof"),
        ("a/b", "gilprof-a_b.7.gilprof"),
        ("x" * 300, f"gilprof-{'x' * 100}.7.gilprof"),
        ("é" * 60 + "ü", f"gilprof-{'é' * 50}.7.gilprof"),
        (os.fsdecode(b"\xff.py"), "gilprof-.py.7.gilprof"),
    ],
)
def test_recordings_name(name: str, file: str) -> None:
    assert Program(("x",), name).recording(7) == file


@pytest.mark.parametrize(
    ("arguments", "kind", "is_command", "python"),
    [([], None, False, None), (["missing.py"], None, False, None), (["ls"], None, True, "python9")],
)
def test_not_a_program(arguments: list[str], kind: str | None, is_command: bool, python: str | None) -> None:
    with pytest.raises(UsageError):
        program_of(arguments, kind, is_command, python)


@pytest.mark.parametrize("words", ["", "-m", "-c", "-m -c x", "missing.py", "-d 0 -c pass", "--lively -c pass", "--"])
def test_wrong_usage(words: str) -> None:
    result = CliRunner().invoke(cli, ["run", *words.split()], catch_exceptions=False)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
