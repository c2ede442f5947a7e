"""The native core without Python: its own tests and a fuzz run, under ASan and UBSan."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

NATIVE = Path(__file__).parents[2] / "native"
CORPUS = sorted((NATIVE / "tests" / "corpus").glob("*"))
FUZZ_PASSES = 40_000
PEAK_KB = 400_000
"""Of a fuzz run: a made-up target is 1 MB, the rest is the sanitizers' own."""
CORPUS_BYTES = 200_000


@pytest.fixture(scope="session")
def core_tests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    build = tmp_path_factory.mktemp("core")
    configure = ["cmake", "-S", str(NATIVE), "-B", str(build), "-DGILPROF_SANITIZE=ON", "-DGILPROF_CORE_TESTS=ON"]
    subprocess.run(configure, check=True, capture_output=True, text=True)
    built = subprocess.run(["cmake", "--build", str(build), "--parallel", "2"], capture_output=True, text=True)
    assert built.returncode == 0, built.stdout[-4000:] + built.stderr[-4000:]
    return build / "core_tests"


def run(*command: str | Path) -> str:
    # Freed memory that ASan keeps back, 256 MB by default, would hide what the core itself takes.
    environment = {**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=16"}
    words = [str(word) for word in command]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def counts(out: str) -> tuple[int, ...]:
    """Inputs, passes, passes taken, numbers replaced in layouts, numbers refused, peak kB."""
    return tuple(map(int, re.findall(r"\d+", out)))


def test_core(core_tests: Path) -> None:
    assert "all passed" in run(core_tests)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_corrupted_layouts_and_images_never_crash_or_hang(core_tests: Path, seed: int) -> None:
    """Three fixed seeds, so that a failure can be had again; the long run is in docs/hardening.md."""
    inputs, passes, taken, replaced, refused, peak_kb = counts(run(core_tests, "fuzz", str(FUZZ_PASSES), str(seed)))
    assert passes >= FUZZ_PASSES
    assert taken > passes // 2, "most images must be whole enough to be walked"
    assert replaced > inputs
    assert replaced // 4 < refused < replaced * 3 // 4, "some hostile layouts are refused, others are tried"
    assert peak_kb < PEAK_KB


def test_corpus(core_tests: Path) -> None:
    """Inputs that libFuzzer found to reach code that no other reaches."""
    inputs, passes, taken, *_, peak_kb = counts(run(core_tests, "replay", *CORPUS))
    assert inputs == len(CORPUS) > 0
    assert 0 < taken < passes
    assert peak_kb < PEAK_KB
    assert sum(file.stat().st_size for file in CORPUS) < CORPUS_BYTES
