"""Starts a program of known truth (``tests/targets``) and waits until it is in its steady state."""

from __future__ import annotations

import json
import mmap
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from tests.oracle import Oracle

TARGETS = Path(__file__).resolve().parents[1] / "targets"
TRUTH_BYTES = 1 << 20
_READY_TIMEOUT_S = 60.0
_END_TIMEOUT_S = 10.0
_SELECT = {"23", "270", "72"}
"""The system calls of ``select.select``: select and pselect6 of x86-64, pselect6 of aarch64."""


class TargetError(AssertionError):
    """The target ended, or said nothing, before it was ready."""


@dataclass(frozen=True, slots=True)
class Target:
    """A running target. ``tids``: its workers by thread name. ``extra``: what else it said when ready."""

    process: subprocess.Popen[bytes]
    tids: dict[str, int]
    columns: tuple[str, ...]
    extra: dict[str, Any]
    _truth: mmap.mmap
    _stderr: IO[bytes]

    @property
    def pid(self) -> int:
        return self.process.pid

    def truth(self) -> dict[str, dict[str, float]]:
        """What each worker has written down about itself so far, by its thread name and column."""
        width = len(self.columns)
        values = np.frombuffer(self._truth[: 8 * width * len(self.tids)], np.float64).reshape(-1, width)
        return {name: dict(zip(self.columns, map(float, row), strict=True))
                for name, row in zip(self.tids, values, strict=True)}  # fmt: skip

    def stderr(self) -> str:
        """What it has written to standard error so far."""
        size = os.fstat(self._stderr.fileno()).st_size
        return os.pread(self._stderr.fileno(), size, 0).decode(errors="replace")

    def stop(self) -> int:
        """Close its standard input, at which a target ends by itself; its exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(_END_TIMEOUT_S)


@contextmanager
def spawn(
    interpreter: Path,
    target: str,
    *args: object,
    oracle: Oracle | None = None,
    env: Mapping[str, str] | None = None,
    wrapper: Sequence[str] = (),
) -> Iterator[Target]:
    """Run ``tests/targets/TARGET.py ARGS`` under the interpreter; killed at the end.

    ``oracle``: account for its GIL exactly. ``env``: added to the environment. ``wrapper``: a command put in
    front that executes the rest, such as ``("taskset", "-c", "0")``.
    """
    command = [*wrapper, str(interpreter), str(TARGETS / f"{target}.py"), *map(str, args)]
    with ExitStack() as stack:
        truth_fd = os.memfd_create("target-truth", 0)
        stack.callback(os.close, truth_fd)
        os.truncate(truth_fd, TRUTH_BYTES)
        truth = stack.enter_context(mmap.mmap(truth_fd, TRUTH_BYTES))
        ready_read, ready_write = os.pipe()
        ready = stack.enter_context(os.fdopen(ready_read, "rb"))
        stderr = stack.enter_context(tempfile.TemporaryFile())
        environment = {**os.environ, **(env or {})}
        environment |= {"TARGET_READY_FD": str(ready_write), "TARGET_TRUTH_FD": str(truth_fd)}
        pass_fds = [ready_write, truth_fd]
        if oracle is not None:
            environment |= oracle.environment()
            pass_fds.append(oracle.fd)
        try:
            process = subprocess.Popen(
                command, env=environment, pass_fds=pass_fds, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=stderr,
            )  # fmt: skip
        finally:
            os.close(ready_write)
        stack.callback(_end, process)
        said = _read_line(ready)
        if said is None:
            stderr.seek(0)
            complaint = stderr.read().decode(errors="replace")
            raise TargetError(f"{command} (status {process.poll()}) did not get ready:\n{complaint}")
        handshake = json.loads(said)
        tids, columns = handshake.pop("tids"), tuple(handshake.pop("columns"))
        _await_rest(process)
        yield Target(process, tids, columns, handshake, truth, stderr)


def _read_line(pipe: IO[bytes]) -> bytes | None:
    """One line; None when the other end closed before it, or the time was up."""
    line = b""
    deadline = time.monotonic() + _READY_TIMEOUT_S
    while not line.endswith(b"\n"):
        if not select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return None
        part = os.read(pipe.fileno(), 65536)
        if not part:
            return None
        line += part
    return line


def _await_rest(process: subprocess.Popen[bytes]) -> None:
    """Until the main thread is at rest in ``select``: after the handshake it may wait for a long hold, or for several,
    which no truth about the workers has."""
    deadline = time.monotonic() + _READY_TIMEOUT_S
    state = Path(f"/proc/{process.pid}/syscall")
    while state.read_text().split()[0] not in _SELECT:
        if process.poll() is not None or time.monotonic() > deadline:
            raise TargetError(f"process {process.pid} (status {process.returncode}) did not come to rest")
        time.sleep(0.001)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(_END_TIMEOUT_S)
    if process.stdin is not None:
        process.stdin.close()
