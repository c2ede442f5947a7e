"""Structures that lie: lists, strings and checks hold against every content. In the test's own memory."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gilprof.target import validate
from gilprof.target.layout import ABSENT, Layout
from gilprof.target.memory import MemoryUnreadable, RemoteMemory
from gilprof.target.state import Gil, Implausible, ThreadState, walk_list
from gilprof.target.strings import MAX_LENGTH, read_string
from gilprof.target.tables import table

UNICODE = table((3, 12)).layout


@pytest.fixture(scope="module")
def memory() -> Iterator[RemoteMemory]:
    with RemoteMemory(os.getpid()) as memory:
        yield memory


def layout_of_312() -> Layout:
    known = table((3, 12)).layout
    numbers = {"runtime_address": 0, "interpreter_address": 0, "gil_address": 0, "code_type_address": 0}
    numbers |= {"thread_eval_breaker": ABSENT, "thread_size": 232}
    return Layout(eval_check_opcodes=(), **numbers, **known)


@given(links=st.lists(st.integers(0, 9), min_size=1, max_size=10), limit=st.integers(1, 12))
def test_a_list_of_any_shape_is_walked_or_refused(memory: RemoteMemory, links: list[int], limit: int) -> None:
    """Nodes whose pointers go anywhere: to the end (0), or to some node (1 to n)."""
    nodes = (ctypes.c_uint64 * len(links))()
    start = ctypes.addressof(nodes)
    for index, link in enumerate(links):
        nodes[index] = start + 8 * (link - 1) if 0 < link <= len(links) else 0
    expected: list[int] = []
    at = 0
    while at not in expected and len(expected) <= limit:
        expected.append(at)
        if not 0 < links[at] <= len(links):
            break
        at = links[at] - 1
    ends = not 0 < links[expected[-1]] <= len(links)
    if ends and len(expected) <= limit:
        assert walk_list(memory, start, 0, limit, "a list") == [start + 8 * index for index in expected]
    else:
        with pytest.raises(Implausible):
            walk_list(memory, start, 0, limit, "a list")


def string_object(kind: int, compact: int, is_ascii: int, length: int, data: bytes) -> ctypes.Array[ctypes.c_char]:
    """A ``str`` of 3.12 by hand."""
    state = (kind | compact << 3 | is_ascii << 4) << UNICODE["unicode_kind_shift"]
    head = struct.pack("<QQQQI4x", 1, 0, length, 0, state)
    if not is_ascii:
        head = head.ljust(UNICODE["unicode_compact_data"], b"\0")
    return ctypes.create_string_buffer(head + data, len(head + data))


@given(text=st.text(max_size=200))
def test_strings_of_all_kinds(memory: RemoteMemory, text: str) -> None:
    widest = max(map(ord, text), default=0)
    kind = 1 if widest < 256 else 2 if widest < 65536 else 4
    encoding = {1: "latin-1", 2: "utf-16-le", 4: "utf-32-le"}[kind]
    data = text.encode(encoding)
    buffer = string_object(kind, 1, int(widest < 128), len(text), data)
    assert read_string(memory, ctypes.addressof(buffer), layout_of_312()) == text


@given(
    kind=st.integers(0, 7),
    compact=st.integers(0, 1),
    is_ascii=st.integers(0, 1),
    length=st.integers(0, 2**64 - 1),
)
def test_strings_that_lie(memory: RemoteMemory, kind: int, compact: int, is_ascii: int, length: int) -> None:
    buffer = string_object(kind, compact, is_ascii, length, b"x" * 64)
    try:
        text = read_string(memory, ctypes.addressof(buffer), layout_of_312())
    except (Implausible, MemoryUnreadable):
        return
    assert len(text) <= MAX_LENGTH
    assert kind in (1, 2, 4) and compact


STATES = [ThreadState(0x1000 * n, n, 0x7000 + n, 100 + n, 0) for n in (3, 2, 1)]
GIL = Gil(interval_us=5000, last_holder=0x2000, locked=1, switch_number=9)


def test_what_is_right_passes() -> None:
    validate.check_threads(STATES, frozenset({101, 7}))
    validate.check_gil(GIL, STATES)
    validate.check_gil(replace(GIL, locked=0, last_holder=0xDEAD), STATES)
    validate.check_gil(replace(GIL, last_holder=0), STATES)


@pytest.mark.parametrize(
    "gil",
    [
        replace(GIL, locked=-1),
        replace(GIL, locked=2),
        replace(GIL, interval_us=0),
        replace(GIL, interval_us=validate.MAX_INTERVAL_US + 1),
        replace(GIL, last_holder=0xDEAD),
    ],
)
def test_a_gil_that_cannot_be(gil: Gil) -> None:
    with pytest.raises(Implausible):
        validate.check_gil(gil, STATES)


@pytest.mark.parametrize(
    ("states", "tids"),
    [
        ([], {101}),
        (STATES, {999}),
        ([STATES[0], replace(STATES[1], id=STATES[0].id)], {103}),
        ([replace(STATES[0], id=0)], {103}),
        ([replace(STATES[0], id=1 << 60)], {103}),
        ([replace(STATES[0], ident=0)], {103}),
    ],
)
def test_threads_that_cannot_be(states: list[ThreadState], tids: set[int]) -> None:
    with pytest.raises(Implausible):
        validate.check_threads(states, frozenset(tids))


@given(data=st.binary(min_size=512, max_size=512), frame=st.integers(0, 2**64 - 1))
def test_frames_of_any_content_end(memory: RemoteMemory, data: bytes, frame: int) -> None:
    """Whatever lies where frames should be, the check ends, and with nothing but its own errors."""
    buffer = ctypes.create_string_buffer(data, len(data))
    layout = replace(layout_of_312(), code_type_address=1, thread_frame_indirect=ABSENT)
    for start in (frame, ctypes.addressof(buffer)):
        with pytest.raises(Implausible):
            validate.check_frames(memory, [replace(STATES[0], frame=start | 1)], layout)
