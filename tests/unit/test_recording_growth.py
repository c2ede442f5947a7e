"""A recording can grow: files of other formats, with columns that we do not know, without some, and of other types."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gilprof.analysis.profile import Profile
from gilprof.model import (
    LOOK_DTYPE,
    NATIVE_FACTS,
    PASS_DTYPE,
    SCHEDSTAT_UNREADABLE,
    SYSCALL_UNREADABLE,
    TIMESLICES_UNREADABLE,
    LookArray,
    PassArray,
)
from gilprof.recording.arrays import pack
from gilprof.recording.columns import OWN_COLUMNS, Column, Stored, encode, listed
from gilprof.recording.format import Kind, chunk
from gilprof.recording.reader import Recording
from gilprof.recording.texts import encode_header, encode_threads
from gilprof.recording.writer import RecordingWriter
from gilprof.report.build import build_report
from gilprof.report.json import as_json
from tests.support.facts import INFO
from tests.support.laws import check_laws
from tests.support.recordings import read, refusal, second

RECORDINGS = Path(__file__).parents[1] / "recordings"
FORMAT_1_SUMS = {
    "t_ns": 24_024_084_000_000, "span_ns": 480_000, "look_count": 48, "holder": -24, "cpu_ns": 108_000_000,
    "thread": 32, "stack": 32, "syscall": -96, "gil_word": -48, "flags": 384,
}  # fmt: skip
"""Of the columns of both files, as the gilprof that wrote them had them."""


@pytest.mark.parametrize(("name", "gaps_ns"), [("format-1.2", 0), ("format-1.2-rate-follows", 63_000_000)])
def test_format_1(name: str, gaps_ns: int) -> None:
    """Its header says nothing of how columns are stored, and ``gap_ns`` is a member."""
    batch, _ = read(RECORDINGS / f"{name}.gilprof")
    sums = {
        column: int(rows[column].astype(object).sum())
        for rows in (batch.passes, batch.looks)
        for column in rows.dtype.names or ()
    }
    assert sums["gap_ns"] == gaps_ns
    assert {column: sums[column] for column in FORMAT_1_SUMS} == FORMAT_1_SUMS


def written(path: Path, columns: dict[str, tuple[Column, ...]], passes: PassArray, looks: LookArray) -> None:
    """A recording of one batch, whose facts have just these columns."""
    batch = second(0)
    header = json.loads(encode_header(INFO))
    header |= {table: listed(of_table) for table, of_table in columns.items()}
    pass_changed, pass_values = encode(passes, columns["passes"])
    look_changed, look_values = encode(looks, columns["looks"])
    facts = {
        "look_count": np.ascontiguousarray(batch.passes["look_count"]),
        "thread": np.ascontiguousarray(batch.looks["thread"]),
        "pass_changed": pass_changed, "pass_values": pass_values,
        "look_changed": look_changed, "look_values": look_values,
    }  # fmt: skip
    path.write_bytes(
        chunk(Kind.HEADER, json.dumps(header).encode())
        + b"".join(chunk(Kind.THREADS, payload) for payload in encode_threads(batch.threads))
        + chunk(Kind.FACTS, pack(facts))
    )


def grown(rows: Any, dtype: np.dtype[np.void]) -> Any:
    """``rows`` with the columns of ``dtype``: those that are new count from 7 on."""
    out = np.zeros(len(rows), dtype)
    for name in dtype.names or ():
        out[name] = rows[name] if name in rows.dtype.names else 7 + np.arange(len(rows))
    return out


def facts() -> tuple[PassArray, LookArray]:
    """Without stacks, as no definitions are written."""
    batch = second(0)
    looks = batch.looks.copy()
    looks["stack"] = -1
    return batch.passes, looks


def test_unknown_columns_are_passed_over(tmp_path: Path) -> None:
    passes, looks = facts()
    new = [("epoch", "<u2"), ("instruction", "<u8")]
    more = {
        "passes": grown(passes, np.dtype([new[0], *PASS_DTYPE.descr])),
        "looks": grown(looks, np.dtype([*LOOK_DTYPE.descr[:3], new[1], *LOOK_DTYPE.descr[3:]])),
    }
    columns = {
        "passes": (Column("epoch", "<u2", Stored.VALUE), *OWN_COLUMNS.passes),
        "looks": (
            *OWN_COLUMNS.looks[:3],
            Column("instruction", "<u8", Stored.DIFFERENCE),
            Column("apart", "<u8", Stored.MEMBER),
            *OWN_COLUMNS.looks[3:],
        ),
    }
    written(tmp_path / "it.gilprof", columns, more["passes"], more["looks"])
    batch, _ = read(tmp_path / "it.gilprof")
    np.testing.assert_array_equal(batch.passes, passes)
    np.testing.assert_array_equal(batch.looks, looks)


def test_missing_columns_are_marked_so(tmp_path: Path) -> None:
    """A backend that reads no kernel account, and no system calls: nothing of that is taken for a fact."""
    lacking = {"cpu_ns", "queued_ns", "timeslices", "syscall", "futex", "gil_word", "gap_ns", "mutex_users"}
    columns = {
        "passes": tuple(column for column in OWN_COLUMNS.passes if column.name not in lacking),
        "looks": tuple(column for column in OWN_COLUMNS.looks if column.name not in lacking),
    }
    passes, looks = facts()
    written(tmp_path / "it.gilprof", columns, passes, looks)
    batch, _ = read(tmp_path / "it.gilprof")
    expected = {
        "cpu_ns": SCHEDSTAT_UNREADABLE, "queued_ns": SCHEDSTAT_UNREADABLE, "timeslices": TIMESLICES_UNREADABLE,
        "syscall": SYSCALL_UNREADABLE, "futex": 0, "gil_word": -1,
    }  # fmt: skip
    assert {name: set(batch.looks[name].tolist()) for name in expected} == {n: {v} for n, v in expected.items()}
    np.testing.assert_array_equal(batch.passes["t_ns"], passes["t_ns"])
    with Recording.open(tmp_path / "it.gilprof") as recording:
        check_laws(report_of(recording))


def report_of(recording: Recording) -> dict[str, Any]:
    profile = Profile(recording.info)
    for batch in recording.batches():
        profile.add(batch)
    profile.finish()
    report: dict[str, Any] = as_json(build_report(profile))
    return report


@pytest.mark.parametrize(("flags", "why"), [(1 << 31, ""), (1 << 40, "column flags is out of range")])
def test_other_types(tmp_path: Path, flags: int, why: str) -> None:
    """A column may be wider than ours, if its values are not; or narrower."""
    passes, looks = facts()
    types = {name: LOOK_DTYPE[name].str for name in LOOK_DTYPE.names or ()} | {"flags": "<u8", "futex": "|u1"}
    wide = np.dtype(list(types.items()))
    more = looks.astype(wide)
    more["flags"][3] = flags
    columns = {
        "passes": OWN_COLUMNS.passes,
        "looks": tuple(replace(column, dtype=wide[column.name].str) for column in OWN_COLUMNS.looks),
    }
    written(tmp_path / "it.gilprof", columns, passes, more)
    if why:
        assert why in refusal(tmp_path / "it.gilprof")
    else:
        batch, _ = read(tmp_path / "it.gilprof")
        assert batch.looks["flags"][3] == flags
        np.testing.assert_array_equal(np.delete(batch.looks, 3), np.delete(looks, 3))


def test_a_file_says_what_was_captured(tmp_path: Path) -> None:
    """One of format 1 has what its only backend captures."""
    info = replace(INFO, captured=("gil", "stacks"))
    with RecordingWriter(tmp_path / "it.gilprof", info), Recording.open(tmp_path / "it.gilprof") as recording:
        assert recording.info.captured == ("gil", "stacks")
        assert report_of(recording)["processes"][0]["captured"] == ["gil", "stacks"]
    with Recording.open(RECORDINGS / "format-1.2.gilprof") as recording:
        assert recording.info.captured == NATIVE_FACTS
