"""Files that are read before a program starts."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from gilprof.target import elf
from gilprof.target.elf import python_images, read_ahead
from gilprof.target.process import Process


def test_what_was_read_ahead_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under whatever path the files are found in the process."""
    elf._elf.cache_clear()
    read_ahead(sys.executable)
    monkeypatch.setattr(elf, "ELFFile", None)
    with Process(os.getpid()) as process:
        images = python_images(process, process.maps())
    assert any(elf.RUNTIME in image.symbols for image in images)


@pytest.mark.parametrize("content", [b"#!/bin/sh\n", b"", b"\x7fELF" + 60 * b"\xff"])
def test_what_is_no_program_is_left_alone(content: bytes, tmp_path: Path) -> None:
    script = tmp_path / "python3"
    script.write_bytes(content)
    script.chmod(0o755)
    read_ahead(str(script))
    read_ahead(str(tmp_path / "missing"))


def test_other_programs_do_not_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elf, "_elf", None)
    read_ahead("sh")
