"""The screen's first two lines: the answer in a sentence, and who pays."""

from __future__ import annotations

import textwrap

from gilprof.report.answer.model import Kind
from gilprof.report.answer.words import brief
from gilprof.report.model import Process
from gilprof.report.names import printable
from gilprof.report.text_table import shortened
from gilprof.units import format_share


def is_the_gil(process: Process) -> bool:
    """Whether the sentence says so."""
    return process.answer.reason(Kind.GIL) is not None


def first_lines(process: Process, width: int) -> tuple[str, str]:
    """Two lines of ``width``: the most that fits; the cause, the place and the thread go first."""
    long, short = process.sentence, brief(process.answer)
    if process.busy_child is not None:
        return shortened(process.busy_child.sentence, width), shortened(short, width)
    choices = [long, short]
    if is_the_gil(process):
        pays, *shorter = _payer(process)
        choices = [f"{long} {pays}", f"{short} {pays}", *(f"{short} {each}" for each in shorter), *choices]
    for choice in choices:
        lines = textwrap.wrap(choice, width, break_long_words=False)
        if len(lines) <= 2 and all(len(line) <= width for line in lines):
            return lines[0], lines[1] if len(lines) > 1 else ""
    first, *rest = textwrap.wrap(choices[-1], width)
    return first, shortened(" ".join(rest), width)


def _payer(process: Process) -> tuple[str, str, str]:
    """The thread that waits most: ``MainThread pays most: 61 % of its time.``, and in fewer words."""
    payer = max(process.threads, key=lambda thread: thread.seconds["waiting"])
    share = format_share(payer.seconds["waiting"] / payer.alive_s if payer.alive_s else None)
    name = printable(payer.name, 24)
    return f"{name} pays most: {share} of its time.", f"{name} pays most ({share}).", f"{name} pays most."
