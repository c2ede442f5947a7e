"""The native core without Python: its own tests and a fuzz run, under ASan and UBSan."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

NATIVE = Path(__file__).parents[2] / "native"
FUZZ_PASSES = 200_000


@pytest.fixture(scope="session")
def core_tests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    build = tmp_path_factory.mktemp("core")
    configure = ["cmake", "-S", str(NATIVE), "-B", str(build), "-DGILPROF_SANITIZE=ON", "-DGILPROF_CORE_TESTS=ON"]
    subprocess.run(configure, check=True, capture_output=True, text=True)
    built = subprocess.run(["cmake", "--build", str(build), "--parallel", "2"], capture_output=True, text=True)
    assert built.returncode == 0, built.stdout[-4000:] + built.stderr[-4000:]
    return build / "core_tests"


def run(*command: str | Path) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def test_core(core_tests: Path) -> None:
    assert "all passed" in run(core_tests)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_corrupted_images_never_crash_or_hang(core_tests: Path, seed: int) -> None:
    """Three fixed seeds, so that a failure can be had again; the long run is in docs/reliability.md."""
    out = run(core_tests, "fuzz", str(FUZZ_PASSES), str(seed))
    taken = int(out.split(",")[1].split()[0])
    assert taken > FUZZ_PASSES // 2, "most images must be whole enough to be walked"
