"""A flame graph by state: one HTML page that needs nothing else, and asks for nothing over a network.

Names from the target reach the page in two ways only: as JSON in a block that browsers do not run, put on the
screen as text by the scripts in ``page/``, and as escaped text in the tables. The page's content security
policy runs these scripts alone, by their hash.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np

from gilprof.analysis.sums import Ns
from gilprof.exporters.narrowing import Narrowing
from gilprof.exporters.page_tables import page_tables
from gilprof.exporters.stack_times import StackTimes, stack_times
from gilprof.exporters.state_words import LETTERS, MEANINGS, ORDER, WORDS
from gilprof.model import State
from gilprof.report.build import Profiled, build_report
from gilprof.report.model import Process
from gilprof.report.names import base_name, printable
from gilprof.units import format_seconds, format_share

SCRIPTS = ("text.js", "tree.js", "view.js", "paint.js", "chart.js", "describe.js", "page.js")
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
"""What could end a block of JSON in HTML, or a line of it."""


def export(profile: Profiled, narrowing: Narrowing) -> Iterator[str]:
    """The page."""
    times = stack_times(profile, narrowing)
    report = build_report(profile)
    process = report.processes[0]
    states = [state for state in ORDER if state in narrowing.states]
    style = _part("style.css")
    script = "\n".join(_part(name) for name in SCRIPTS)
    values = {
        "title": escape(f"gilprof: {printable(' '.join(process.command), 60)} ({process.pid})"),
        "sentence": escape(report.sentence),
        "about": escape(_about(process, narrowing)),
        "tables": page_tables(times, states),
        "data": _embedded(_data(times, states)),
        "style": style,
        "style_hash": _hash(style),
        "script": script,
        "script_hash": _hash(script),
    }
    yield _PLACEHOLDER.sub(lambda match: values[match[1]], _part("page.html"))


def _part(name: str) -> str:
    return (files("gilprof.exporters") / "page" / name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    """As a content security policy names what it allows (W3C CSP 3, hash-source)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def _embedded(value: Any) -> str:
    """``value`` as JSON for a script element."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(_ESCAPED)


def _about(process: Process, narrowing: Narrowing) -> str:
    command = printable(" ".join(process.command), 120)
    parts = [f"Process {process.pid}, Python {process.python}: {command}"]
    if process.started is not None:
        parts.append(f"{format_seconds(process.observed_s)} observed from {_shortened(process.started)}")
    parts.append(f"{process.sampling.passes} passes, {format_share(process.sampling.unknown)} unknown")
    only = []
    if len(narrowing.states) < len(State):
        only.append(", ".join(WORDS[state] for state in ORDER if state in narrowing.states))
    if narrowing.thread is not None:
        only.append(f"threads named {printable(narrowing.thread, 60)}")
    if only:
        parts.append(f"below: only {' of '.join(only)}; the sentence is about all")
    return " · ".join(parts)


def _shortened(started: str) -> str:
    return datetime.fromisoformat(started).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _data(times: StackTimes, states: list[State]) -> dict[str, Any]:
    """What the scripts read; whole nanoseconds."""
    return {
        "states": [state.name.lower() for state in states],
        "words": {state.name.lower(): WORDS[state] for state in states},
        "letters": {state.name.lower(): LETTERS[state] for state in states},
        "meanings": {state.name.lower(): MEANINGS[state] for state in states},
        "threads": times.threads,
        "functions": [_function(*function) for function in times.functions],
        "stacks": {
            "parent": times.parent.tolist(),
            "function": times.function.tolist(),
            "line": np.maximum(times.line, 0).tolist(),
        },
        "rows": {
            "thread": times.thread.tolist(),
            "stack": times.stack.tolist(),
            "ns": {state.name.lower(): _whole(times.states_ns[:, state]) for state in states},
            "blamed_ns": None if times.blamed_ns is None else _whole(times.blamed_ns),
        },
    }


def _function(name: str, file: str | None, line: int | None) -> tuple[str, str | None, str | None, int | None]:
    """Name, file, its short form, first line."""
    if file is None:
        return printable(name), None, None, None
    return printable(name), printable(file, 1000), printable(base_name(file)), line


def _whole(ns: Ns) -> list[int]:
    rounded: list[int] = np.rint(ns).astype(np.int64).tolist()
    return rounded
