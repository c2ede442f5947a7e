"""Makes the layout tables in gilprof/target/layouts: one C program per CPython, compiled against its headers.

    python tools/layouts/generate.py INCLUDE [INCLUDE...]     write the tables of these versions
    python tools/layouts/generate.py --print INCLUDE          one table on standard output

INCLUDE is a folder with that version's Python.h and internal headers (``include/python3.X``). For Debian's
packages unpack ``libpython3.X-dev`` and give ``usr/include/python3.X``. Needs gcc.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from probes import EVAL_CHECK_OPCODES, PROBES, Version

HERE = Path(__file__).parent
TABLES = HERE.parents[1] / "gilprof" / "target" / "layouts"


def include_flags(include: Path) -> list[str]:
    """Where gcc finds the headers; Debian keeps pyconfig.h of each machine in a folder beside."""
    folders = [
        include,
        include / "internal",
        include.parent / f"{platform.machine()}-linux-gnu" / include.name,
    ]
    folders += [include / "internal" / "mimalloc", include.parent]
    return [f"-I{folder}" for folder in folders if folder.is_dir()]


def header_version(include: Path) -> Version:
    """(major, minor) of the headers, by patchlevel.h."""
    words = [line.split() for line in (include / "patchlevel.h").read_text().splitlines()]
    numbers = {line[1]: line[2] for line in words if len(line) >= 3 and line[0] == "#define"}
    return int(numbers["PY_MAJOR_VERSION"]), int(numbers["PY_MINOR_VERSION"])


def questions(version: Version) -> list[tuple[str, str, str]]:
    """(section, name, C expression) for everything that this version's table has."""
    wanted = [(probe.section, probe.name, probe.expression) for probe in PROBES if probe.applies(version)]
    wanted += [("opcodes", name, name) for name, since, until in EVAL_CHECK_OPCODES if since <= version <= until]
    return wanted


def measure(include: Path) -> dict[str, Any]:
    """The table of the CPython whose headers are in ``include``."""
    version = header_version(include)
    prints = "\n".join(
        f'    printf("{section} {name} %ld\\n", (long)({expression}));'
        for section, name, expression in questions(version)
    )
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder) / "probe.c", Path(folder) / "probe"
        source.write_text((HERE / "probe.c.in").read_text().replace("@PRINTS@", prints))
        command = ["gcc", "-w", "-std=gnu11", "-O1", "-DNDEBUG", *include_flags(include)]
        subprocess.run([*command, "-o", str(program), str(source)], check=True)
        output = subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout
    return as_table(output)


def as_table(output: str) -> dict[str, Any]:
    """The program's lines as a table."""
    sections: dict[str, dict[str, int]] = {"place": {}, "layout": {}, "objects": {}, "opcodes": {}}
    number = 0
    for line in output.splitlines():
        section, name, value = line.split()
        if section == "version":
            number = int(value)
        else:
            sections[section][name] = int(value)
    major, minor, patch = number >> 24, number >> 16 & 0xFF, number >> 8 & 0xFF
    return {
        "python": f"{major}.{minor}",
        "headers": f"{major}.{minor}.{patch}",
        "machine": platform.machine(),
        **sections,
    }


def as_text(table: dict[str, Any]) -> str:
    """A table as it is kept in its file."""
    return json.dumps(table, indent=1) + "\n"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("include", nargs="+", type=Path)
    parser.add_argument("--print", action="store_true", help="on standard output, no file")
    arguments = parser.parse_args()
    for include in arguments.include:
        table = measure(include)
        if arguments.print:
            sys.stdout.write(as_text(table))
        else:
            (TABLES / f"{table['python']}.json").write_text(as_text(table))


if __name__ == "__main__":
    main()
