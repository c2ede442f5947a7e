"""The CPython interpreters that tests run targets under: found on this machine, each tried by running it."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SUPPORTED = ("3.11", "3.12", "3.13", "3.14", "3.15")
UNSUPPORTED = ("3.8", "3.9", "3.10")
REPOSITORY = Path(__file__).resolve().parents[2]

_DESCRIBE = """
import json, os, sys, sysconfig
print(json.dumps({
    "version": "%d.%d" % sys.version_info[:2],
    "release": sys.version.split()[0],
    "path": os.path.realpath("/proc/self/exe"),
    "shared": "libpython" in open("/proc/self/maps").read(),
    "default": sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED")
               and not hasattr(sys, "gettotalrefcount"),
}))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """One default build. ``path`` is the real ELF executable, not a shim or a virtual environment's link."""

    version: str
    release: str
    path: Path
    shared: bool
    """Whether the interpreter is in libpython (else in the executable itself)."""

    def __str__(self) -> str:
        return f"{self.release}-{'shared' if self.shared else 'static'}"


def interpreters() -> dict[str, Path]:
    """'X.Y' -> executable, for each supported version that this machine has."""
    return _first_of_each(SUPPORTED)


def unsupported() -> dict[str, Path]:
    """The same for versions that gilprof does not read."""
    return _first_of_each(UNSUPPORTED)


def variants() -> list[Interpreter]:
    """One of every supported version and kind (shared, static)."""
    kinds = {(found.version, found.shared): found for found in reversed(_found())}
    return [kinds[kind] for kind in sorted(kinds, key=_by_version) if kind[0] in SUPPORTED]


def versions() -> list[Interpreter]:
    """One of every supported version: what threads did does not go by where the interpreter's code lies."""
    return list({found.version: found for found in reversed(variants())}.values())[::-1]


def some_versions() -> list[Interpreter]:
    """The oldest, the middle and the newest of ``versions``: for what costs seconds on each, and is held on all of them
    by the states (tests/integration/test_truth_states.py). All of them with ``GILPROF_TEST_VERSIONS=all``."""
    every = versions()
    if os.environ.get("GILPROF_TEST_VERSIONS") == "all" or len(every) <= 3:
        return every
    return [every[0], every[len(every) // 2], every[-1]]


def _first_of_each(versions: tuple[str, ...]) -> dict[str, Path]:
    first = {found.version: found.path for found in reversed(_found())}
    return {version: first[version] for version in versions if version in first}


def _by_version(kind: tuple[str, bool]) -> tuple[int, bool]:
    return int(kind[0].partition(".")[2]), not kind[1]


@functools.cache
def _found() -> tuple[Interpreter, ...]:
    """Every working default build, in the order of preference."""
    found: dict[Path, Interpreter] = {}
    for candidate in dict.fromkeys(_candidates()):
        interpreter = _describe(candidate)
        if interpreter is not None:
            found.setdefault(interpreter.path, interpreter)
    return tuple(found.values())


def _candidates() -> Iterator[Path]:
    yield from (Path(name) for name in os.environ.get("GILPROF_PYTHONS", "").split(":") if name)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted((pyenv / "versions").glob("3.*/bin/python3"))
    yield from sorted((REPOSITORY / ".pythons").glob("3.*/bin/python"))
    for folder in os.environ.get("PATH", "").split(":"):
        for version in UNSUPPORTED + SUPPORTED:
            candidate = Path(folder, f"python{version}")
            if folder and candidate.is_file():
                yield candidate


def _describe(executable: Path) -> Interpreter | None:
    """What it is; None if it does not run or is no default build of CPython."""
    try:
        answer = subprocess.run(
            [executable, "-I", "-S", "-c", _DESCRIBE],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
        )  # fmt: skip
    except OSError:
        return None
    if answer.returncode != 0:
        return None
    facts = json.loads(answer.stdout)
    if not facts["default"]:
        return None
    return Interpreter(facts["version"], facts["release"], Path(facts["path"]), facts["shared"])


def main() -> int:
    """Name the interpreters that the tests will use; 1 when a supported version is missing."""
    print("Interpreters under test:", ", ".join(map(str, variants())))
    missing = [version for version in SUPPORTED if version not in interpreters()]
    if missing:
        print(f"Missing: {', '.join(missing)}. See tools/get_pythons.py, or name them in GILPROF_PYTHONS.")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
