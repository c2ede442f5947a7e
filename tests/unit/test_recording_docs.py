"""docs/recording-format.md says what the code does."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from gilprof.model import ChildSeen, Function, Health, TargetInfo, ThreadSeen
from gilprof.recording import format
from gilprof.recording.columns import OWN_COLUMNS, Column
from gilprof.recording.facts import FACTS_MEMBERS, FORMAT_1_MEMBERS, PAIRS_MEMBERS
from gilprof.recording.format import MAGIC, Kind, chunk
from gilprof.recording.reader import MAX_DAMAGED
from gilprof.recording.tables import FIRST_THREAD_IDS
from gilprof.recording.texts import encode_end

TEXT = (Path(__file__).parents[2] / "docs" / "recording-format.md").read_text()


def table_behind(words: str) -> list[list[str]]:
    """The cells of the first table behind ``words``, without its two head lines."""
    rows = re.search(r"(?:^\|.*\n)+", TEXT[TEXT.index(words) :], re.MULTILINE)
    assert rows is not None
    return [[cell.strip().strip("`") for cell in row.strip("|").split(" | ")] for row in rows[0].splitlines()[2:]]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("## Kinds", [kind.value for kind in Kind]),
        ("`target` has:", [field.name for field in fields(TargetInfo)]),
        ("`threads`: an object", [field.name for field in fields(ThreadSeen)]),
        ("`functions`: an object", [field.name for field in fields(Function)]),
        ("`health`: an object", [field.name for field in fields(Health)]),
        ("`children`: an object", [field.name for field in fields(ChildSeen)]),
        ("`frames` and `stacks`:", list(PAIRS_MEMBERS)),
        ("`facts`, with P passes", [*FACTS_MEMBERS, *FORMAT_1_MEMBERS]),
    ],
)
def test_names_in_tables(words: str, names: list[str]) -> None:
    assert [row[0] for row in table_behind(words)] == names


@pytest.mark.parametrize(
    ("words", "columns"), [("Columns of a pass", OWN_COLUMNS.passes), ("Columns of a look", OWN_COLUMNS.looks)]
)
def test_columns(words: str, columns: tuple[Column, ...]) -> None:
    assert table_behind(words) == [[each.name, np.dtype(each.dtype).name, each.stored] for each in columns]


def test_head() -> None:
    sizes = [(int(row[0]), int(row[1])) for row in table_behind("a head of 32 bytes")]
    assert [sum(size for _, size in sizes[:i]) for i in range(len(sizes))] == [offset for offset, _ in sizes]
    assert sum(size for _, size in sizes) == format.HEAD.size == 32
    assert MAGIC.hex(" ") in TEXT
    assert f"major version: {format.MAJOR}" in TEXT
    assert f"minor version: {format.MINOR}" in TEXT


def test_example() -> None:
    example = re.search(r"```hex\n(.*?)```", TEXT, re.DOTALL)
    assert example is not None
    assert bytes.fromhex(example[1]) == chunk(Kind.END, encode_end("exit"))


@pytest.mark.parametrize(
    "bound",
    [
        format.MAX_PAYLOAD,
        format.MAX_ROWS,
        format.MAX_FUNCTIONS,
        format.MAX_FRAMES,
        format.MAX_STACKS,
        format.MAX_THREADS,
        FIRST_THREAD_IDS,
        MAX_DAMAGED,
    ],
)
def test_bounds(bound: int) -> None:
    assert f"{bound:,}" in TEXT
