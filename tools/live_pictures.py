"""Makes the pictures of the live view in docs/pictures again, from a real run of an example.

python tools/live_pictures.py
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from gilprof.analysis.session import SessionProfile
from gilprof.cli.files import write_file
from gilprof.cli.profiling.observe import Stop
from gilprof.sources.live import LiveSource
from gilprof.tui.app import LiveApp
from gilprof.tui.snapshot import WINDOW_S
from gilprof.tui.worker import Worker

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
COMMAND = ("python", "examples/ingest.py")
SHOTS: dict[str, tuple[tuple[int, int], Sequence[str]]] = {
    "live": ((130, 46), ()),
    "live-small": ((80, 24), ()),
    "live-waits": ((100, 24), ("3",)),
    "live-flame": ((100, 24), ("5", "down", "down", "down", "down", "down")),
}
"""Size and keys of each."""
RATE_HZ = 1000.0


async def shoot(name: str, pid: int) -> None:
    """One picture, once a whole window has been seen."""
    size, keys = SHOTS[name]
    with closing(LiveSource.attach(pid, RATE_HZ)) as source:
        session = SessionProfile(source.info)
        worker = Worker(source, session, session.add, None, Stop())
        app = LiveApp(worker, pid, write_file)
        async with app.run_test(size=size) as pilot:
            await asyncio.sleep(WINDOW_S + 2)
            for key in keys:
                await pilot.press(key)
            await asyncio.sleep(1)
            (PICTURES / f"{name}.svg").write_text(app.export_screenshot(title=f"gilprof attach {pid}"))


def main() -> None:
    """All of them."""
    PICTURES.mkdir(exist_ok=True)
    with subprocess.Popen(COMMAND, executable=sys.executable, cwd=ROOT, stderr=subprocess.PIPE, text=True) as program:
        assert program.stderr is not None
        program.stderr.readline()  # it runs
        try:
            for name in SHOTS:
                asyncio.run(shoot(name, program.pid))
        finally:
            program.kill()


if __name__ == "__main__":
    main()
