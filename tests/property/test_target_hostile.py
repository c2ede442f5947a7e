"""A target that lies: whatever is in its memory or in its program, reading it ends in a value or in the errors meant
for it. The memory is a few pages with everything in them that a pointer could want."""

from __future__ import annotations

import os
import random
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gilprof.errors import NotReadable
from gilprof.target import elf, state
from gilprof.target.debug_offsets import COOKIE, MAX_OFFSET, SCHEMAS, as_layout, read_header, read_offsets
from gilprof.target.heap import Heap
from gilprof.target.layout import ABSENT, Layout
from gilprof.target.memory import MemoryUnreadable, RemoteMemory
from gilprof.target.objects import ObjectLayout
from gilprof.target.process import Mapping, Process
from gilprof.target.state import Implausible
from gilprof.target.strings import MAX_LENGTH
from gilprof.target.tables import SUPPORTED, table
from gilprof.target.validate import check_frames, check_gil, check_owner, check_threads

BASE = 0x5000_0000
WORDS = 1024
REFUSALS = (Implausible, MemoryUnreadable)
every_version = pytest.mark.parametrize("version", SUPPORTED, ids=lambda version: "{}.{}".format(*version))

word = st.one_of(
    st.integers(0, 16),
    st.integers(0, 8 * WORDS).map(lambda offset: BASE + offset),
    st.integers(0, WORDS - 1).map(lambda index: BASE + 8 * index),
    st.integers(0, 2**64 - 1),
)
words = st.builds(
    lambda some, seed: random.Random(seed).choices(some, k=WORDS),
    st.lists(word, min_size=8, max_size=64),
    st.integers(),
)


class MadeUpMemory(RemoteMemory):
    """Words from BASE on, and nothing else. Counts what is read."""

    def __init__(self, content: list[int]) -> None:
        self.data = struct.pack(f"<{len(content)}Q", *content)
        self.reads = 0

    def read(self, address: int, size: int) -> bytes:
        self.reads += 1
        if size < 0 or not BASE <= address <= BASE + len(self.data) - size:
            raise MemoryUnreadable(address, size)
        return self.data[address - BASE : address - BASE + size]


def layout_of(version: tuple[int, int]) -> Layout:
    known = table((3, 12)).layout | table(version).layout
    numbers = {"runtime_address": BASE, "interpreter_address": BASE + 64, "gil_address": BASE + 4096}
    numbers |= {"thread_eval_breaker": ABSENT, "thread_size": 232, "code_type_address": 0}
    return Layout(eval_check_opcodes=(), **(known | numbers))


def attempt(action: Callable[[], object]) -> None:
    """It may be refused in the ways that callers expect, and in no other."""
    try:
        action()
    except REFUSALS:
        return


@every_version
@given(content=words, address=word)
def test_heap(version: tuple[int, int], content: list[int], address: int) -> None:
    memory = MadeUpMemory(content)
    heap = Heap(memory, layout_of(version), ObjectLayout(**({"interpreter_modules": 8} | table(version).objects)))
    attempt(lambda: heap.module("threading"))
    attempt(lambda: heap.dict_value(address, "_active"))
    attempt(lambda: list(heap.dict_by_hash(address)))
    attempt(lambda: heap.attribute(address, "_name"))
    attempt(lambda: len(heap.text(address)) <= MAX_LENGTH)
    assert memory.reads < 20 * WORDS


@given(content=words)
def test_interpreters_threads_and_gil(content: list[int]) -> None:
    memory = MadeUpMemory(content)
    layout = replace(layout_of((3, 12)), interpreter_threads_head=content[0] % 4096)
    attempt(lambda: state.interpreters(memory, BASE, content[1] % 4096))

    def threads() -> None:
        states = state.thread_states(memory, layout)
        assert len({found.address for found in states}) == len(states)
        check_threads(states, frozenset(found.tid for found in states[:1]))
        check_owner(memory, states, layout.interpreter_address, 16)
        check_gil(state.read_gil(memory, layout, table((3, 12)).place["gil_interval"]), states)
        check_frames(memory, states, layout)

    attempt(threads)
    assert memory.reads < 20 * WORDS


@pytest.mark.parametrize("version", SCHEMAS)
@given(
    content=words | words.map(lambda content: [number % (MAX_OFFSET + 2) for number in content]), cookie=st.booleans()
)
def test_debug_offsets(version: tuple[int, int], content: list[int], cookie: bool) -> None:
    if cookie:
        content = [int.from_bytes(COOKIE, "little"), *content[1:]]
    memory = MadeUpMemory(content)
    assert (read_header(memory, BASE) is not None) == (content[0] == int.from_bytes(COOKIE, "little"))

    def read() -> None:
        layout = as_layout(read_offsets(memory, BASE, version))
        assert all(0 <= number <= 2 * MAX_OFFSET for number in layout.values())

    attempt(read)


@pytest.fixture(scope="module")
def process() -> Iterator[Process]:
    with Process(os.getpid()) as process:
        yield process


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A library of this machine with the symbols that gilprof looks for."""
    file = tmp_path_factory.mktemp("program") / "libpython3.11.so"
    source = "".join(f"int {name} = 1;" for name in elf.SYMBOLS).encode()
    subprocess.run(["gcc", "-shared", "-o", str(file), "-x", "c", "-"], input=source, check=True)
    return file.read_bytes()


@given(
    changes=st.lists(st.tuples(st.integers(0, 2**32), st.integers(0, 255)), max_size=20),
    cut=st.integers(0, 2**14) | st.none(),
)
@settings(max_examples=300, deadline=None)
def test_programs_that_are_damaged(
    process: Process,
    program: bytes,
    changes: list[tuple[int, int]],
    cut: int | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Half of the changes hit the header or the section table, where they say most."""
    data = bytearray(program if cut is None else program[:cut])
    table_at = struct.unpack_from("<Q", program, 40)[0]
    for where, value in changes:
        start, length = [(0, 64), (table_at, len(program) - table_at), (0, len(program)), (0, 4096)][where % 4]
        at = start + where // 4 % length
        if at < len(data):
            data[at] = value
    file = tmp_path_factory.getbasetemp() / "damaged"
    file.write_bytes(data)
    pieces = [Mapping(BASE, BASE + 4096, "r-xp", 0, "00:00", 1, "damaged")]
    try:
        images = list(elf._images(process, file, "damaged", pieces))
    except NotReadable:
        return
    assert len(images) <= len(pieces)
    assert changes or cut is not None or set(images[0].symbols) == set(elf.SYMBOLS)
    assert all(0 <= address < 1 << 64 for image in images for address in image.symbols.values())
