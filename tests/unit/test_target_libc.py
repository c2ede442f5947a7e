"""The C library is told by what is mapped."""

from __future__ import annotations

from gilprof.target.libc import uses_musl
from gilprof.target.process import Mapping


def test_musl_is_recognised() -> None:
    line = Mapping(0x1000, 0x2000, "r-xp", 0, "08:01", 7, "/lib/ld-musl-x86_64.so.1")
    assert uses_musl((line,))
    assert not uses_musl((Mapping(0x1000, 0x2000, "r-xp", 0, "08:01", 7, "/lib/libc.so.6"),))
