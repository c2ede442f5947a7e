"""The version word: which Pythons are read, and what is said of the others. In the test's own memory."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator

import pytest

from gilprof.errors import NotReadable
from gilprof.target.debug_offsets import COOKIE, SCHEMAS, read_offsets
from gilprof.target.elf import RUNTIME, VERSION, Image
from gilprof.target.memory import RemoteMemory
from gilprof.target.state import Implausible
from gilprof.target.version import python_version


@pytest.fixture(scope="module")
def memory() -> Iterator[RemoteMemory]:
    with RemoteMemory(os.getpid()) as memory:
        yield memory


def told(memory: RemoteMemory, version: int, *, cookie: bool, free_threaded: int = 0, path: str = "") -> str:
    runtime = ctypes.create_string_buffer(
        struct.pack("<8sQQ", COOKIE if cookie else bytes(8), version, free_threaded), 24
    )
    word = ctypes.c_uint32(version)
    symbols = {RUNTIME: ctypes.addressof(runtime)}
    if version:
        symbols[VERSION] = ctypes.addressof(word)
    return python_version(7, memory, Image(path, "x86_64", symbols)).text


@pytest.mark.parametrize(
    ("version", "cookie", "text"),
    [
        (0x030B07F0, False, "3.11.7"),
        (0x030C01F0, False, "3.12.1"),
        (0x030D00F0, True, "3.13.0"),
        (0x030F02F0, True, "3.15.2"),
    ],
)
def test_releases(memory: RemoteMemory, version: int, cookie: bool, text: str) -> None:
    assert told(memory, version, cookie=cookie) == text


@pytest.mark.parametrize(
    ("version", "cookie", "word"),
    [
        (0x030F00A1, True, "3.15.0a1, a pre-release"),
        (0x030F00B1, True, "3.15.0b1, a pre-release"),
        (0x030D00C2, True, "3.13.0rc2, a pre-release"),
        (0x030C00B4, False, "3.12.0b4, a pre-release"),
        (0x031000F0, True, "Python 3.16; supported: 3.11 to 3.15"),
    ],
)
def test_what_is_not_read(memory: RemoteMemory, version: int, cookie: bool, word: str) -> None:
    with pytest.raises(NotReadable) as refused:
        told(memory, version, cookie=cookie)
    assert word in str(refused.value)


def test_free_threaded_builds(memory: RemoteMemory) -> None:
    with pytest.raises(NotReadable, match=r"free-threaded build of Python 3\.14\.7"):
        told(memory, 0x030E07F0, cookie=True, free_threaded=1)


@pytest.mark.parametrize(("path", "word"), [("/usr/lib/libpython3.9.so.1.0", "3.9"), ("/opt/app", "before 3.11")])
def test_pythons_without_a_version_word(memory: RemoteMemory, path: str, word: str) -> None:
    with pytest.raises(NotReadable, match=f"Python {word}"):
        told(memory, 0, cookie=False, path=path)


@pytest.mark.parametrize("version", [0x12345678, 0x030D00F0])
def test_words_that_cannot_be(memory: RemoteMemory, version: int) -> None:
    """No Python at all, or one that should have the cookie and has not."""
    with pytest.raises(Implausible):
        told(memory, version, cookie=False)


@pytest.mark.parametrize("minor", SCHEMAS)
def test_offsets_beyond_reason_are_refused(memory: RemoteMemory, minor: tuple[int, int]) -> None:
    numbers = ctypes.create_string_buffer(b"\x11" * 2048, 2048)
    with pytest.raises(Implausible):
        read_offsets(memory, ctypes.addressof(numbers), minor)
