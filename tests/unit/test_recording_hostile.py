"""Recordings from strangers: checksums in order, content made to crash, to hang or to eat memory."""

from __future__ import annotations

import io
import json
import pickle
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gilprof.model import LOOK_DTYPE, PASS_DTYPE
from gilprof.recording.arrays import pack, unpack
from gilprof.recording.columns import OWN_COLUMNS
from gilprof.recording.facts import FACTS_MEMBERS, encode_facts, encode_pairs
from gilprof.recording.format import HEAD, MAGIC, MAJOR, MAX_DOMAINS, MAX_PAYLOAD, MAX_TIME_NS, Kind, chunk
from gilprof.recording.reader import MAX_DAMAGED, LeftOut, Recording
from gilprof.recording.texts import encode_header
from gilprof.recording.writer import RecordingWriter
from tests.support.facts import INFO, Script, assert_same, joined
from tests.support.recordings import chunks_of, flipped, read, refusal, second, write

SALVAGED = {
    "functions: missing ones",
    "frames: no such function",
    "frames: missing ones",
    "stacks: no such frame",
    "facts: no such thread",
    "facts: no such holder",
    "facts: no such stack",
}
"""With salvage these are what definitions that were lost leave behind: no damage of their own."""
MEMORY_BYTES = 64 << 20
"""No file of less than a megabyte may need more."""
BOMB_BYTES = 1 << 28


def as_json(values: object) -> bytes:
    return json.dumps(values).encode()


def npy(descr: object, shape: tuple[int, ...], data: bytes) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": descr, "fortran_order": False, "shape": shape})
    return out.getvalue() + data


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def understated(payload: bytes) -> bytes:
    """Its directory says that the first member is of 136 bytes when unpacked."""
    at = payload.index(b"PK\1\2") + 24
    return payload[:at] + struct.pack("<I", 136) + payload[at + 4 :]


def pairs(first: int, *rows: tuple[int, int]) -> bytes:
    [payload] = encode_pairs(first, np.array(rows, np.int32).reshape(-1, 2))
    return payload


def facts(**columns: Any) -> bytes:
    """One pass with two looks, with ``columns`` of the looks or of the pass set."""
    batch = Script().at(5000).runs("main", stack=0).runs("other", stack=0).batch()
    for name, value in columns.items():
        (batch.passes if name in (PASS_DTYPE.names or ()) else batch.looks)[name] = value
    return encode_facts(batch.passes, batch.looks)


def facts_of_two_gils(second: str) -> bytes:
    """One pass in two rows, with ``main`` in the first and ``second`` in the second."""
    script = Script().at(5000).runs("main", stack=0).at(5000, domain=1).runs(second, stack=0)
    batch = script.batch()
    return encode_facts(batch.passes, batch.looks)


def facts_with(**members: Any) -> bytes:
    """The same with members of the payload replaced."""
    return pack({**unpack(facts(), FACTS_MEMBERS), **members})


def header(**target: Any) -> bytes:
    values = json.loads(encode_header(INFO))
    return as_json({**values, "target": {**values["target"], **target}})


# What may stand behind a recording with two threads, functions, frames and stacks.
NONSENSE: dict[str, tuple[Kind, Callable[[], bytes]]] = {
    "JSON: none": (Kind.HEALTH, lambda: b"\xff\xfe"),
    "JSON: a list": (Kind.HEALTH, lambda: b"[]"),
    "JSON: nested": (Kind.HEALTH, lambda: b"[" * 100_000),
    "JSON: nested objects": (Kind.HEALTH, lambda: b'{"a":' * 100_000),
    "JSON: a number of a million digits": (Kind.HEALTH, lambda: b'{"passes": ' + b"9" * 1_000_000 + b"}"),
    "JSON: NaN": (Kind.HEALTH, lambda: b'{"passes": NaN}'),
    "health: text": (Kind.HEALTH, lambda: as_json({"passes": "many"})),
    "health: true": (Kind.HEALTH, lambda: as_json({"passes": True})),
    "health: beyond 64 bits": (Kind.HEALTH, lambda: as_json({"passes": 1 << 63})),
    "end: a number": (Kind.END, lambda: as_json({"ended": 9})),
    "threads: no rows": (Kind.THREADS, lambda: as_json({})),
    "threads: a row too short": (Kind.THREADS, lambda: as_json({"rows": [[1, 2]]})),
    "threads: a row is text": (Kind.THREADS, lambda: as_json({"rows": ["abc"]})),
    "threads: negative id": (Kind.THREADS, lambda: as_json({"rows": [[-1, 2, "x", None]]})),
    "threads: an id that makes tables huge": (Kind.THREADS, lambda: as_json({"rows": [[1 << 31, 2, "x", None]]})),
    "threads: end out of range": (Kind.THREADS, lambda: as_json({"rows": [[1, 2, "x", MAX_TIME_NS]]})),
    "functions: no first": (Kind.FUNCTIONS, lambda: as_json({"rows": []})),
    "functions: missing ones": (Kind.FUNCTIONS, lambda: as_json({"first": 3, "rows": [["f", "a.py", 1]]})),
    "functions: defined again": (Kind.FUNCTIONS, lambda: as_json({"first": 0, "rows": [["f", "a.py", 1]]})),
    "functions: name is null": (Kind.FUNCTIONS, lambda: as_json({"first": 2, "rows": [[None, "a.py", 1]]})),
    "functions: line out of range": (Kind.FUNCTIONS, lambda: as_json({"first": 2, "rows": [["f", "a", 1 << 31]]})),
    "frames: no such function": (Kind.FRAMES, lambda: pairs(2, (2, 5))),
    "frames: negative function": (Kind.FRAMES, lambda: pairs(2, (-1, 5))),
    "frames: missing ones": (Kind.FRAMES, lambda: pairs(7, (0, 5))),
    "frames: first out of range": (Kind.FRAMES, lambda: pairs((1 << 63) - 1, (0, 5))),
    "stacks: no such frame": (Kind.STACKS, lambda: pairs(2, (0, 9))),
    "stacks: its own parent": (Kind.STACKS, lambda: pairs(2, (2, 0))),
    "stacks: a cycle": (Kind.STACKS, lambda: pairs(2, (3, 0), (2, 0))),
    "stacks: negative parent": (Kind.STACKS, lambda: pairs(2, (-2, 0))),
    "facts: no such thread": (Kind.FACTS, lambda: facts(thread=[0, 7])),
    "facts: negative thread": (Kind.FACTS, lambda: facts(thread=[0, -1])),
    "facts: negative number of a thread that is defined": (Kind.FACTS, lambda: facts(thread=[0, -65535])),
    "facts: thread below all": (Kind.FACTS, lambda: facts(thread=[0, -(2**31)])),
    "facts: a thread twice": (Kind.FACTS, lambda: facts(thread=0)),
    "facts: a thread twice in a pass, with two GILs": (Kind.FACTS, lambda: facts_of_two_gils("main")),
    "facts: GIL below all": (Kind.FACTS, lambda: facts(domain=-2)),
    "facts: a GIL that makes tables huge": (Kind.FACTS, lambda: facts(domain=MAX_DOMAINS)),
    "domains: negative id": (Kind.DOMAINS, lambda: as_json({"rows": [[-1, [0]]]})),
    "domains: an id that makes tables huge": (Kind.DOMAINS, lambda: as_json({"rows": [[MAX_DOMAINS, [0]]]})),
    "domains: interpreters are a number": (Kind.DOMAINS, lambda: as_json({"rows": [[1, 0]]})),
    "facts: no such holder": (Kind.FACTS, lambda: facts(holder=7)),
    "facts: holder below all": (Kind.FACTS, lambda: facts(holder=-3)),
    "facts: no such stack": (Kind.FACTS, lambda: facts(stack=2)),
    "facts: stack below all": (Kind.FACTS, lambda: facts(stack=-3)),
    "facts: time runs backwards": (Kind.FACTS, lambda: facts(t_ns=5)),
    "facts: time runs backwards over the edge": (Kind.FACTS, lambda: facts(t_ns=-(1 << 63))),
    "facts: time too far": (Kind.FACTS, lambda: facts(t_ns=MAX_TIME_NS)),
    "facts: passes and looks differ": (Kind.FACTS, lambda: facts_with(look_count=np.array([3], "<u4"))),
    "facts: too many looks": (Kind.FACTS, lambda: facts_with(thread=np.zeros(40_000, "<i4"))),
    "facts: counts that overflow": (Kind.FACTS, lambda: facts_with(look_count=np.full(3, 0xFFFFFFFF, "<u4"))),
    "facts: other type": (Kind.FACTS, lambda: facts_with(thread=np.zeros(2, "<f4"))),
    "facts: other shape": (Kind.FACTS, lambda: facts_with(thread=np.zeros((2, 1), "<i4"))),
    "facts: bits of other columns": (Kind.FACTS, lambda: facts_with(look_changed=np.zeros((1, 1), "u1"))),
    "facts: too few bits": (Kind.FACTS, lambda: facts_with(pass_changed=np.zeros((7, 0), "u1"))),
    "facts: too few values": (Kind.FACTS, lambda: facts_with(look_values=np.zeros(1, "u1"))),
    "facts: too many values": (Kind.FACTS, lambda: facts_with(look_values=np.zeros(999, "u1"))),
    "npz: no zip": (Kind.FACTS, lambda: b"not a zip"),
    "npz: empty": (Kind.FRAMES, lambda: b""),
    "npz: no members": (Kind.FRAMES, lambda: zipped({})),
    "npz: many members": (Kind.FRAMES, lambda: zipped({f"{i}.npy": b"" for i in range(1000)})),
    "npz: lzma": (Kind.FRAMES, lambda: zipped({"first.npy": b"x", "rows.npy": b"x"}, zipfile.ZIP_LZMA)),
    "npz: no npy": (Kind.FRAMES, lambda: zipped({"first.npy": b"x", "rows.npy": b"x"})),
    "npz: a bomb": (Kind.FRAMES, lambda: zipped({"first.npy": bytes(BOMB_BYTES), "rows.npy": b""})),
    "npz: a bomb that says it is small": (
        Kind.FRAMES,
        lambda: understated(zipped({"first.npy": bytes(BOMB_BYTES), "rows.npy": b""})),
    ),
    "npz: a huge shape": (
        Kind.FRAMES,
        lambda: zipped({"first.npy": npy("<i8", (1,), bytes(8)), "rows.npy": npy("<i4", (1 << 60, 2), b"")}),
    ),
    "npz: a negative shape": (
        Kind.FRAMES,
        lambda: zipped({"first.npy": npy("<i8", (1,), bytes(8)), "rows.npy": npy("<i4", (-1, 2), b"")}),
    ),
    "npz: a pickle": (
        Kind.FRAMES,
        lambda: zipped({"first.npy": npy("|O", (1,), pickle.dumps([print])), "rows.npy": b""}),
    ),
    "npz: a nested header": (
        Kind.FRAMES,
        lambda: zipped({"first.npy": b"\x93NUMPY\1\0\xf6\0" + b"(" * 246, "rows.npy": b""}),
    ),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.gilprof"


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_refused_and_left_out_with_salvage(path: Path, name: str) -> None:
    write(path, [second(0), second(1)])
    whole, number = path.read_bytes(), len(chunks_of(path))
    kind, payload = NONSENSE[name]
    extra = chunk(kind, payload())
    path.write_bytes(whole + extra)
    tracemalloc.start()
    try:
        text = refusal(path)
        batch, left_out = read(path, salvage=True)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert f"chunk {number} ({kind}) at byte {len(whole)} is damaged" in text
    assert peak < MEMORY_BYTES
    if name not in SALVAGED:
        assert left_out == LeftOut(damaged_chunks=1, damaged_bytes=len(extra))
        assert_same(batch, joined([second(0), second(1)]))


@pytest.mark.parametrize(
    "target",
    [
        {"pid": "1"},
        {"pid": None},
        {"command": "python"},
        {"command": [1]},
        {"asked_hz": 0},
        {"asked_hz": 1e-10},
        {"asked_hz": 1e400},
        {"process_started": 1e17},
        {"wall_anchor": [1]},
        {"wall_anchor": [-1, 0]},
        {"wall_anchor": [0, MAX_TIME_NS]},
        {"switch_interval_ns": -1},
    ],
)
def test_header_out_of_range(path: Path, target: dict[str, Any]) -> None:
    path.write_bytes(chunk(Kind.HEADER, header(**target)))
    assert "chunk 0 (header) at byte 0 is damaged" in refusal(path)
    refusal(path, salvage=True)


@pytest.mark.parametrize(
    ("looks", "why"),
    [
        ([], "no list of columns"),
        ({"thread": "<i4"}, "no list of columns"),
        ([["thread", "<i4", "member"]] + [[f"c{n}", "<i4", "value"] for n in range(1000)], "no list of columns"),
        ([["thread", "<i4", "member"], "flags"], "makes no sense"),
        ([["thread", "<i4", "member"], ["flags", 4, "value"]], "makes no sense"),
        ([["thread", "<i4", "member"], ["flags", "<f8", "value"]], "does not read"),
        ([["thread", "<i4", "member"], ["flags", "O", "value"]], "does not read"),
        ([["thread", "<i4", "member"], ["flags", "<u4", "squeezed"]], "does not read"),
        ([["thread", "<i4", "value"]], "does not read"),
        ([["thread", "<i4", "member"], ["flags", "<u4", "member"]], "does not read"),
        ([["thread", "<i4", "member"], ["flags", "<u4", "value"], ["flags", "<u4", "value"]], "not those of facts"),
        ([["flags", "<u4", "value"]], "not those of facts"),
    ],
)
def test_header_of_nonsensical_columns(path: Path, looks: object, why: str) -> None:
    values = json.loads(encode_header(INFO))
    path.write_bytes(chunk(Kind.HEADER, as_json({**values, "looks": looks})))
    assert why in refusal(path)


def test_header_of_a_later_minor_version(path: Path) -> None:
    """Keys that we do not know are passed over, and those that came later than the file have defaults."""
    values = json.loads(header(invented=1))
    del values["target"]["stdlib"]
    path.write_bytes(chunk(Kind.HEADER, as_json({**values, "invented": 2})))
    with Recording.open(path) as recording:
        assert recording.info == replace(INFO, stdlib=())


def test_overlong_command_line(path: Path) -> None:
    info = replace(INFO, command=("python", *["é" * 1000] * 1000))
    with RecordingWriter(path, info), Recording.open(path) as recording:
        assert 1 < len(recording.info.command) < 1001


def test_longest_payload() -> None:
    with pytest.raises(ValueError, match="at most"):
        chunk(Kind.HEALTH, bytes(MAX_PAYLOAD + 1))


def test_a_length_that_is_not_there(path: Path) -> None:
    """A head that fits its checksum and promises more than is allowed: refused without reading it."""
    head = HEAD.pack(MAGIC, MAJOR, 0, b"health", 0xFFFFFFFF, 0, 0)[:-4]
    path.write_bytes(chunk(Kind.HEADER, encode_header(INFO)) + head + struct.pack("<I", zlib.crc32(head)))
    assert "longer than allowed" in refusal(path)


def test_salvage_gives_up(path: Path) -> None:
    """A file of nothing but damage does not take the reader's time without end."""
    bad = flipped(chunk(Kind.HEALTH, b"{}"), HEAD.size)
    path.write_bytes(chunk(Kind.HEADER, encode_header(INFO)) + bad * (MAX_DAMAGED + 1))
    assert f"more than {MAX_DAMAGED}" in refusal(path, salvage=True)


def test_the_model_columns_are_all_stored() -> None:
    assert {column.name for column in OWN_COLUMNS.passes} == set(PASS_DTYPE.names or ()) - {"reserved"}
    assert {column.name for column in OWN_COLUMNS.looks} == {*(LOOK_DTYPE.names or ())} - {"reserved"}
