"""The ``facts``, ``frames`` and ``stacks`` payloads: arrays of facts in, .npz out, and back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gilprof.facts.by_thread import by_thread
from gilprof.facts.passes import begins_pass, pass_numbers
from gilprof.model import LOOK_DTYPE, PASS_DTYPE, IntPairs, LookArray, PassArray
from gilprof.recording import columns
from gilprof.recording.arrays import Member, pack, unpack
from gilprof.recording.columns import OWN_COLUMNS, FactColumns
from gilprof.recording.format import MAX_ROWS, DamageError

FACTS_MEMBERS = {
    "look_count": Member("<u4", (None,)),
    "pass_changed": Member("u1", (None, None)),
    "pass_values": Member("u1", (None,)),
    "thread": Member("<i4", (None,)),
    "look_changed": Member("u1", (None, None)),
    "look_values": Member("u1", (None,)),
}
FORMAT_1_MEMBERS = {"gap_ns": Member("<u4", (None,))}
"""Only where the rate followed what was free."""
_BYTES = np.dtype((np.void, LOOK_DTYPE.itemsize))
PAIRS_MEMBERS = {"first": Member("<i8", (1,)), "rows": Member("<i4", (None, 2))}


def cut_facts(passes: PassArray, looks: LookArray) -> Iterator[tuple[PassArray, LookArray]]:
    """Pieces of whole passes with at most ``MAX_ROWS`` rows of passes and looks each.

    Raises ValueError when the looks are not as many as the passes say, or a pass alone has too many.
    """
    ends = np.cumsum(passes["look_count"], dtype=np.int64)
    if len(looks) != (ends[-1] if len(ends) else 0):
        raise ValueError("the passes' look_count does not add up to the looks")
    whole = np.append(np.flatnonzero(begins_pass(passes)), len(passes))
    begin = 0
    while begin < len(passes):
        first_look = int(ends[begin - 1]) if begin else 0
        end = int(np.searchsorted(ends, first_look + MAX_ROWS, side="right"))
        end = min(end, begin + MAX_ROWS)
        end = int(whole[np.searchsorted(whole, end, side="right") - 1])
        if end == begin:
            raise ValueError(f"a pass of more than {MAX_ROWS} looks")
        yield passes[begin:end], looks[first_look : int(ends[end - 1])]
        begin = end


def encode_facts(passes: PassArray, looks: LookArray) -> bytes:
    """The payload of one piece. Looks are stored thread by thread, ``thread`` itself in their own order."""
    order = by_thread(looks["thread"])
    pass_changed, pass_values = columns.encode(passes, OWN_COLUMNS.passes)
    look_changed, look_values = columns.encode(looks[order], OWN_COLUMNS.looks)
    members = {
        "look_count": np.ascontiguousarray(passes["look_count"]),
        "pass_changed": pass_changed,
        "pass_values": pass_values,
        "thread": np.ascontiguousarray(looks["thread"]),
        "look_changed": look_changed,
        "look_values": look_values,
    }
    return pack(members)


def decode_facts(payload: bytes, has: FactColumns = OWN_COLUMNS) -> tuple[PassArray, LookArray]:
    """Passes and looks of a file that ``has`` these columns: as many as the passes say, no thread twice in a pass.

    Raises DamageError.
    """
    members = unpack(payload, FACTS_MEMBERS, FORMAT_1_MEMBERS)
    look_count, thread = members["look_count"], members["thread"]
    if len(look_count) > MAX_ROWS or len(thread) > MAX_ROWS:
        raise DamageError("it has too many rows")
    if int(look_count.sum(dtype=np.uint64)) != len(thread):
        raise DamageError("its passes and its looks do not fit together")
    passes = columns.blank(len(look_count), PASS_DTYPE, has.passes)
    passes["look_count"] = look_count
    if "gap_ns" in members:
        if len(members["gap_ns"]) != len(passes):
            raise DamageError("its gaps are not as many as its passes")
        passes["gap_ns"] = members["gap_ns"]
    columns.decode(members["pass_changed"], members["pass_values"], passes, has.passes)

    order = by_thread(thread)
    pass_number = np.repeat(pass_numbers(passes), look_count)[order]
    sorted_looks = columns.blank(len(thread), LOOK_DTYPE, has.looks)
    sorted_looks["thread"] = thread[order]
    if ((np.diff(sorted_looks["thread"]) == 0) & (np.diff(pass_number) == 0)).any():
        raise DamageError("it has a thread twice in one pass")
    columns.decode(members["look_changed"], members["look_values"], sorted_looks, has.looks)
    looks = np.empty_like(sorted_looks)
    # As plain bytes: numpy moves records field by field, which takes ten times as long.
    looks.view(_BYTES)[order] = sorted_looks.view(_BYTES)
    return passes, looks


def encode_pairs(first: int, rows: IntPairs) -> Iterator[bytes]:
    """Payloads of ``frames`` or ``stacks``: ``first`` is the id of the first row."""
    for begin in range(0, len(rows), MAX_ROWS):
        part = np.ascontiguousarray(rows[begin : begin + MAX_ROWS], dtype="<i4")
        yield pack({"first": np.array([first + begin], "<i8"), "rows": part})


def decode_pairs(payload: bytes) -> tuple[int, IntPairs]:
    """(id of the first row, rows). Raises DamageError."""
    members = unpack(payload, PAIRS_MEMBERS)
    if len(members["rows"]) > MAX_ROWS:
        raise DamageError("it has too many rows")
    return int(members["first"][0]), members["rows"].astype(np.int32)
