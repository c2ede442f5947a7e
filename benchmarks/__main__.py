"""Cost and accuracy of gilprof beside py-spy and CPython 3.15's profiling.sampling, on the same targets, in one run.

    python -m benchmarks [--only NAME] [--seconds N] [--markdown FILE]

Run it on an otherwise idle machine. Interpreters are found as the tests find them.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
from pathlib import Path

from benchmarks import (
    accuracy,
    cost,
    keep,
    latency,
    many_threads,
    rates,
    recording,
    run_start,
    service,
    slowdown,
    soak,
    startup,
    tui,
)

MEASUREMENTS = (
    cost,
    many_threads,
    rates,
    accuracy,
    slowdown,
    latency,
    service,
    recording,
    startup,
    run_start,
    keep,
    tui,
    soak,
)
"""Each has ``measure(seconds) -> Table``; ``seconds``: how long each tool watches."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    names = {measurement.__name__.rpartition(".")[2]: measurement for measurement in MEASUREMENTS}
    parser.add_argument("--only", choices=names, action="append", help="one of the tables; may be repeated")
    parser.add_argument("--seconds", type=float, default=10.0, help="for which each tool watches (default: 10)")
    parser.add_argument("--markdown", type=Path, help="write the tables here too")
    arguments = parser.parse_args()
    tables = []
    for name in arguments.only or names:
        table = names[name].measure(arguments.seconds)
        print(table.text(), flush=True)
        tables.append(table)
    if arguments.markdown:
        arguments.markdown.write_text("\n".join([_machine(), *(table.markdown() for table in tables)]))


def _machine() -> str:
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    today = datetime.datetime.now(tz=datetime.UTC).date()
    return f"{today}, {os.cpu_count()} CPUs ({model}), Linux {platform.release()}\n"


if __name__ == "__main__":
    main()
