"""The tables in ``gilprof/target/layouts`` are what the headers of each CPython say, and its own modules."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gilprof.target.tables import SUPPORTED, table
from tests.support.interpreters import interpreters
from tests.support.missing import needs

REPOSITORY = Path(__file__).resolve().parents[2]
GENERATOR = REPOSITORY / "tools" / "layouts" / "generate.py"
VERSIONS = [f"{major}.{minor}" for major, minor in SUPPORTED]
OPCODES = """
import json, opcode
names = dict(opcode.opmap) | getattr(opcode, "_specialized_opmap", {})
try:
    import _opcode_metadata
except ImportError:
    pass
else:
    names |= _opcode_metadata._specialized_opmap | _opcode_metadata.opmap
print(json.dumps(names))
"""


def ask(interpreter: Path, code: str) -> Any:
    return json.loads(subprocess.run([interpreter, "-c", code], check=True, capture_output=True).stdout)


def headers(version: str) -> Path:
    """The folder with this version's internal headers; skips the test where there is none.

    ``GILPROF_HEADERS`` (folders, with colons between) names more, such as those of an unpacked package.
    """
    candidates = [Path(name) for name in os.environ.get("GILPROF_HEADERS", "").split(":") if name]
    if version in interpreters():
        code = "import json, sysconfig; print(json.dumps(sysconfig.get_path('include')))"
        candidates.append(Path(ask(interpreters()[version], code)))
    for folder in candidates:
        if folder.name == f"python{version}" and (folder / "internal" / "pycore_gil.h").is_file():
            return folder
    pytest.skip(f"no internal headers of CPython {version} here (GILPROF_HEADERS can name a folder)")


@pytest.mark.skipif(shutil.which("gcc") is None, reason=needs("gcc"))
@pytest.mark.parametrize("version", VERSIONS)
def test_tables_are_what_the_headers_say(version: str) -> None:
    command = [sys.executable, str(GENERATOR), "--print", str(headers(version))]
    made = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    kept = json.loads((REPOSITORY / "gilprof" / "target" / "layouts" / f"{version}.json").read_text())
    made.pop("headers"), kept.pop("headers")  # any patch release has to give the same
    assert made == kept


@pytest.mark.parametrize("version", VERSIONS)
def test_opcodes_are_what_the_interpreter_says(version: str) -> None:
    if version not in interpreters():
        pytest.skip(needs(f"CPython {version}"))
    names = ask(interpreters()[version], OPCODES)
    major, minor = map(int, version.split("."))
    known = table((major, minor)).opcodes
    common = known.keys() & names.keys()
    assert {"RESUME", "JUMP_BACKWARD"} <= common
    assert {name: known[name] for name in common} == {name: names[name] for name in common}
    checks = {name for name in names if name.startswith(("RESUME", "JUMP_BACKWARD", "INSTRUMENTED_RESUME"))}
    assert checks - {"JUMP_BACKWARD_NO_INTERRUPT"} <= known.keys()


@pytest.mark.parametrize("version", SUPPORTED)
def test_tables_are_whole(version: tuple[int, int]) -> None:
    known = table(version)
    assert all(number >= 0 for section in (known.layout, known.place, known.objects) for number in section.values())
    assert len(set(known.opcodes.values())) == len(known.opcodes)
    assert known.layout["gil_switch_mutex"] < known.layout["gil_size"]
