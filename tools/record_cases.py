"""Records the cases of tests/tui/cases again, from programs of known truth: what the live view must name.

python tools/record_cases.py [INTERPRETER]
"""

from __future__ import annotations

import sys
import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from gilprof.model import Batch
from gilprof.recording.writer import RecordingWriter
from gilprof.sources.live import LiveSource
from tests.support.spawn import spawn

ROOT = Path(__file__).parents[1]
CASES = ROOT / "tests" / "tui" / "cases"
SECONDS, RATE_HZ, DRAIN_EVERY_S = 4.0, 250.0, 0.1
SHOWN_ROOT = "/srv"
"""In the place of this checkout's path."""


@dataclass(frozen=True, slots=True)
class Case:
    target: str
    arguments: tuple[int, ...] = ()
    wrapper: tuple[str, ...] = ()
    ends: bool = False


RECORDED = {
    "convoy": Case("convoy", (1,)),
    "c-code-keeps-it": Case("sort_big"),
    "gc": Case("gc_heavy"),
    "lock": Case("lock_bound", (3, 20)),
    "no-cpu": Case("starved", (2, 2), ("taskset", "-c", "0")),
    "many-threads": Case("many_threads", (60, 8)),
    "one-thread": Case("spin", (1,)),
    "ended": Case("hold_sleep", (100, 20), ends=True),
}


def shown(batch: Batch) -> Batch:
    """``batch`` without this machine's paths."""
    functions = tuple(replace(f, file=f.file.replace(str(ROOT), SHOWN_ROOT)) for f in batch.functions)
    return replace(batch, functions=functions)


def record(name: str, case: Case, interpreter: Path) -> None:
    """One case, for ``SECONDS``."""
    with (
        spawn(interpreter, case.target, *case.arguments, wrapper=case.wrapper) as target,
        closing(LiveSource.attach(target.pid, RATE_HZ)) as source,
    ):
        command = (interpreter.name, f"{case.target}.py", *map(str, case.arguments))
        info = replace(source.info, command=command)
        with RecordingWriter(CASES / f"{name}.gilprof", info, force=True) as writer:
            end = time.monotonic() + SECONDS
            while time.monotonic() < end and (batch := source.drain()) is not None:
                writer.write(shown(batch))
                time.sleep(DRAIN_EVERY_S)
            if case.ends:
                target.stop()
                while (batch := source.drain()) is not None and batch.ended is None:
                    writer.write(shown(batch))
                if batch is not None:
                    writer.write(shown(batch))


def main() -> None:
    interpreter = Path(sys.argv[1] if len(sys.argv) > 1 else sys.executable)
    CASES.mkdir(exist_ok=True)
    for name, case in RECORDED.items():
        record(name, case, interpreter)


if __name__ == "__main__":
    main()
