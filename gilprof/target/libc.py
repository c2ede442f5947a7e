"""Which C library the target runs on: glibc's condition variables keep their futex inside the GIL's struct."""

from __future__ import annotations

from gilprof.target.process import Mapping


def uses_musl(mappings: tuple[Mapping, ...]) -> bool:
    """Whether the process runs on musl, whose condition variables keep their futex on the waiter's stack."""
    names = {mapping.path.rpartition("/")[2] for mapping in mappings}
    return any(name.startswith(("ld-musl-", "libc.musl-")) for name in names)
