"""What can be written of what is seen: the report, and the exporters' formats that need no more than sums."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gilprof.exporters import FORMATS, Format
from gilprof.exporters.narrowing import Narrowing
from gilprof.report.build import build_report
from gilprof.report.json import dumps
from gilprof.tui.snapshot import Range


@dataclass(frozen=True, slots=True)
class Choice:
    """A kind of file."""

    name: str
    ending: str
    format: Format | None = None
    """None: the report."""

    @property
    def possible(self) -> bool:
        """Whether sums are enough; what is in the order of time needs a recording."""
        return self.format is None or not self.format.time_ordered


CHOICES = (
    Choice("report", "json"),
    *(Choice(known.name, known.endings[0].removeprefix("."), known) for known in FORMATS),
)


def pieces(choice: Choice, part: Range, seen: Narrowing) -> Iterable[bytes]:
    """The file's content: ``part`` of the time; of the formats what is ``seen`` of it, of the report all."""
    if choice.format is None:
        return [dumps(build_report(part)).encode()]
    return choice.format.export(part, seen)
