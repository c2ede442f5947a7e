"""Any value in any column of a recording that numbers or refers to something: a report, or the one line of damage."""

from __future__ import annotations

import json
import resource
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gilprof.cli import cli
from gilprof.exporters import FORMATS
from gilprof.model import SectionMark
from gilprof.recording.arrays import pack, unpack
from gilprof.recording.chunks import Chunk
from gilprof.recording.facts import FACTS_MEMBERS, PAIRS_MEMBERS, decode_facts, encode_facts
from gilprof.recording.format import Kind, chunk
from tests.support.facts import START_NS
from tests.support.recordings import FLUSHES, chunks_of, second, write

READERS = (
    ("report", "--json"),
    ("report", "--stall", "20ms", "--span", "f*"),
    *(("export", "-f", known.name) for known in FORMATS),
    ("export", "-f", "pprof", "--kind", "mutex"),
)
SALVAGERS = READERS[:3]
"""With --salvage; how a file is read does not depend on what becomes of it."""
MEMORY_BYTES = 256 << 20
EDGES = (-(2**31), -65_537, -65_536, -65_535, -3, -2, -1, 0, 1, 3, 4, 65_535, 65_536, 2**22, 2**31 - 1)
LARGE = (-(2**63), 2**31, 2**62, 2**63 - 1)

Change = Callable[[bytes, int, int], bytes]
"""A payload, the row and the value: the payload with it."""


@dataclass(frozen=True)
class Column:
    """A column of a kind of chunk."""

    kind: Kind
    name: str
    change: Change


def _row_item(item: int) -> Change:
    def change(payload: bytes, row: int, value: int) -> bytes:
        values = json.loads(payload)
        values["rows"][row % len(values["rows"])][item] = value
        return json.dumps(values).encode()

    return change


def _first_of_json(payload: bytes, row: int, value: int) -> bytes:
    return json.dumps({**json.loads(payload), "first": value}).encode()


def _member(name: str, at: Any) -> Change:
    known = {**FACTS_MEMBERS, **PAIRS_MEMBERS}

    def change(payload: bytes, row: int, value: int) -> bytes:
        members = unpack(payload, FACTS_MEMBERS if name in FACTS_MEMBERS else PAIRS_MEMBERS)
        column = members[name].copy()
        column[(row % len(column), *at)] = np.int64(value).astype(known[name].dtype)
        return pack({**members, name: column})

    return change


def _fact(table: str, name: str) -> Change:
    def change(payload: bytes, row: int, value: int) -> bytes:
        passes, looks = decode_facts(payload)
        rows = passes if table == "passes" else looks
        rows[name][row % len(rows)] = np.int64(value).astype(rows.dtype[name])
        return encode_facts(passes, looks)

    return change


COLUMNS = (
    *(Column(Kind.THREADS, name, _row_item(item)) for item, name in enumerate(("id", "tid"))),
    Column(Kind.THREADS, "ended_ns", _row_item(3)),
    Column(Kind.FUNCTIONS, "first", _first_of_json),
    Column(Kind.FUNCTIONS, "first_line", _row_item(2)),
    Column(Kind.SECTIONS, "tid", _row_item(1)),
    Column(Kind.SECTIONS, "t_ns", _row_item(2)),
    *(Column(kind, "first", _member("first", ())) for kind in (Kind.FRAMES, Kind.STACKS)),
    Column(Kind.FRAMES, "function", _member("rows", (0,))),
    Column(Kind.FRAMES, "line", _member("rows", (1,))),
    Column(Kind.STACKS, "parent", _member("rows", (0,))),
    Column(Kind.STACKS, "frame", _member("rows", (1,))),
    Column(Kind.FACTS, "look_count", _member("look_count", ())),
    Column(Kind.FACTS, "thread", _member("thread", ())),
    *(Column(Kind.FACTS, name, _fact("passes", name)) for name in ("holder", "t_ns", "span_ns", "flags", "gap_ns")),
    *(Column(Kind.FACTS, name, _fact("looks", name)) for name in ("stack", "syscall", "gil_word", "flags", "cpu_ns")),
)
BY_NAME = {f"{column.kind}.{column.name}": column for column in COLUMNS}


@cache
def recorded() -> tuple[bytes, tuple[Chunk, ...]]:
    """A recording with every kind of chunk."""
    marks = tuple(SectionMark("load", 100, START_NS + ms * 1_000_000, begins) for ms, begins in ((1, True), (6, False)))
    batches = [replace(second(k), sections=marks if k == 0 else ()) for k in range(FLUSHES)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "some.gilprof")
        write(path, batches)
        return path.read_bytes(), tuple(chunks_of(path))


def changed(name: str, number: int, row: int, value: int) -> bytes:
    """The recording with ``value`` in a row of one of its chunks; all checksums are right."""
    whole, chunks = recorded()
    column = BY_NAME[name]
    of_kind = [one for one in chunks if one.kind == column.kind]
    one = of_kind[number % len(of_kind)]
    payload = column.change(one.payload, row, value)
    return whole[: one.offset] + chunk(column.kind, payload) + whole[one.offset + one.size :]


def refusals(content: bytes) -> Iterator[tuple[str, bool]]:
    """What each reader says that gives no report; and whether it was to salvage."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "some.gilprof")
        path.write_bytes(content)
        for (verb, *options), salvage in (*product(READERS, (False,)), *product(SALVAGERS, (True,))):
            arguments = [verb, str(path), *options, *(["--salvage"] if salvage else [])]
            result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
            if result.exit_code != 0:
                assert result.exit_code == 1
                yield result.stderr, salvage


@contextmanager
def memory_up_to(more_bytes: int) -> Iterator[None]:
    """Beyond so much address space on top of what there is, a MemoryError."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def test_every_column_is_there() -> None:
    """The recording as it is can be read by all, and every kind of chunk is in it."""
    whole, chunks = recorded()
    assert list(refusals(whole)) == []
    assert {one.kind for one in chunks} >= {column.kind for column in COLUMNS}


@given(
    name=st.sampled_from(sorted(BY_NAME)),
    number=st.integers(0, 3),
    row=st.integers(0, 40),
    value=st.sampled_from(EDGES + LARGE) | st.integers(-(2**63), 2**63 - 1),
)
@example(name="facts.thread", number=1, row=0, value=-1)
@example(name="facts.thread", number=1, row=0, value=-65_535)
@example(name="facts.thread", number=1, row=0, value=2**31 - 1)
@example(name="threads.id", number=1, row=0, value=2**31 - 1)
@example(name="facts.holder", number=0, row=3, value=2**31 - 1)
@settings(max_examples=60, deadline=None)
def test_any_id_gives_a_report_or_one_line(name: str, number: int, row: int, value: int) -> None:
    content = changed(name, number, row, value)
    with memory_up_to(MEMORY_BYTES):
        said = list(refusals(content))
    for line, salvage in said:
        assert line.startswith("gilprof: reading ")
        assert line.count("\n") == 1
        assert "is damaged" in line
        assert not salvage, "damage of one chunk leaves the others"
