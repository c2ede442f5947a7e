"""Profiles in the formats of other tools: one module a format, and this registry."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gilprof.exporters.narrowing import Narrowing
    from gilprof.exporters.timeline import TimeOrdered
    from gilprof.report.build import Profiled

PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Format:
    """A format; ``export`` is in the module of its name, unless ``module`` says where."""

    name: str
    endings: tuple[str, ...]
    for_terminals: bool = False
    """Whether people may want to see it as it is."""
    time_ordered: bool = False
    """Whether ``export`` takes a timeline too."""
    one_process: bool = False
    """Whether it has no place for several."""
    takes: str | None = None
    """The option of its own that ``export`` takes."""
    module: str | None = None

    def export(
        self, profile: Profiled, narrowing: Narrowing, timeline: TimeOrdered | None = None, **options: str | Profiled
    ) -> Iterator[bytes]:
        """The export, piece by piece; a time-ordered one needs the ``timeline``. Raises UsageError."""
        export = import_module(f"gilprof.exporters.{self.module or self.name}").export
        if not self.time_ordered:
            return _joined(export(profile, narrowing, **options))
        assert timeline is not None, f"{self.name} needs a timeline"
        timeline.finish()
        return _joined(export(profile, narrowing, timeline, **options))


FORMATS = (
    Format("flamegraph", (".html",), takes="baseline"),
    Format("timeline", (".timeline.html",), time_ordered=True, one_process=True, module="timeline_page"),
    Format("collapsed", (".collapsed", ".txt"), for_terminals=True, takes="state_as"),
    Format("speedscope", (".speedscope.json",), time_ordered=True),
    Format("firefox", (".firefox.json", ".firefox.json.gz"), time_ordered=True),
    Format("chrome", (".trace.json", ".trace.json.gz"), time_ordered=True),
    Format("pprof", (".pb.gz",), takes="kind"),
)


def by_name(name: str) -> Format:
    """The format called so. Raises KeyError."""
    return {known.name: known for known in FORMATS}[name]


def by_ending(path: str) -> Format | None:
    """The format that a file's ending asks for, the longest one that it has; None where it asks for none."""
    endings = {ending: known for known in FORMATS for ending in known.endings if path.lower().endswith(ending)}
    return endings[max(endings, key=len)] if endings else None


def gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same, compressed; the fastest level, as there may be a lot of it."""
    packer = zlib.compressobj(1, wbits=31)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


def _joined(pieces: Iterable[str | bytes]) -> Iterator[bytes]:
    """Small pieces together, so that each is worth a write; text as UTF-8."""
    gathered = bytearray()
    for piece in pieces:
        gathered += piece if isinstance(piece, bytes) else piece.encode()
        if len(gathered) >= PIECE:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)
