"""From a process to the addresses of its GIL, threads and frames; or to a clear word why not."""

from __future__ import annotations

import time
from collections.abc import Mapping as NumberMapping
from dataclasses import dataclass

from gilprof.errors import NotReadable
from gilprof.target import state, validate
from gilprof.target.elf import CODE_TYPE, RUNTIME, Image, python_images
from gilprof.target.layout import Layout
from gilprof.target.libc import uses_musl
from gilprof.target.memory import MemoryUnreadable, RemoteMemory, gone
from gilprof.target.objects import ObjectLayout
from gilprof.target.offsets import Offsets, offsets_of
from gilprof.target.process import Mapping, Process
from gilprof.target.stdlib import stdlib_folders
from gilprof.target.tables import SUPPORTED_TEXT
from gilprof.target.version import python_version

START_UP_S = 1.0
"""How long an interpreter that is not complete yet is waited for."""
RETRY_S = 0.01


@dataclass(frozen=True, slots=True)
class ResolvedTarget:
    """A running interpreter that gilprof can read."""

    layout: Layout
    objects: ObjectLayout
    """For the names of threads."""
    python: str
    """``X.Y.Z``."""
    build: str
    """``default``: a build with the GIL."""
    switch_interval_ns: int
    stdlib: tuple[str, ...]
    """Folders of its standard library, as the target names them."""
    command: tuple[str, ...]


def resolve(process: Process, memory: RemoteMemory) -> ResolvedTarget:
    """Everything that is to be known before sampling; waits a moment for a process that just starts."""
    tried = f"reading process {process.pid}"
    if not process.is_same():  # checked after the memory was opened: it is this process's, then
        raise gone(process.pid)
    if process.has_own_pid_namespace:
        found = "it runs in a container with process ids of its own"
        raise NotReadable(tried, found, "run gilprof inside the container")
    deadline = time.monotonic() + START_UP_S
    while True:
        try:
            return resolve_now(process, memory)
        except (state.Implausible, MemoryUnreadable) as error:
            if time.monotonic() > deadline:
                raise NotReadable(
                    tried,
                    f"no interpreter that fits ({error})",
                    "try again if it is just starting; debug builds cannot be read, use a release build",
                ) from error
        time.sleep(RETRY_S)


def resolve_now(process: Process, memory: RemoteMemory) -> ResolvedTarget:
    """One attempt, without waiting. ``Implausible`` or ``MemoryUnreadable``: not now, or never."""
    mappings = process.maps()
    return resolve_images(process, memory, mappings, python_images(process, mappings))


def resolve_images(
    process: Process, memory: RemoteMemory, mappings: tuple[Mapping, ...], images: tuple[Image, ...]
) -> ResolvedTarget:
    """One attempt, with the ``images`` of Pythons that were found among the ``mappings`` before."""
    if any(image.symbols for image in images) and uses_musl(mappings):
        tried = f"reading process {process.pid}"
        raise NotReadable(tried, "it runs on the musl C library", "gilprof reads Pythons on glibc")
    failure: state.Implausible | MemoryUnreadable | None = None
    for image in images:
        if RUNTIME in image.symbols:
            try:
                return _resolve_image(process, memory, image)
            except (state.Implausible, MemoryUnreadable) as error:
                failure = failure or error
    if failure is not None:
        raise failure
    if process.age_s < START_UP_S:
        raise state.Implausible("its mapped files", "no Python among them yet")
    raise _no_runtime(process, images)


def _no_runtime(process: Process, images: tuple[Image, ...]) -> NotReadable:
    """The error for a process without an interpreter in it."""
    tried, name = f"reading process {process.pid}", process.executable or "it"
    if any(image.symbols for image in images):
        return NotReadable(tried, f"{name} is a Python before 3.7", SUPPORTED_TEXT)
    return NotReadable(tried, f"{name} is not a Python", "give the PID of a CPython process")


def _resolve_image(process: Process, memory: RemoteMemory, image: Image) -> ResolvedTarget:
    """The target by one loaded copy of its runtime."""
    version = python_version(process.pid, memory, image)
    offsets = offsets_of(memory, image, version)
    interpreter = _only_interpreter(process.pid, memory, image.symbols[RUNTIME], offsets)
    gil_address = _gil_address(memory, image.symbols[RUNTIME], interpreter, offsets.place)
    layout = Layout(
        runtime_address=image.symbols[RUNTIME],
        interpreter_address=interpreter,
        gil_address=gil_address,
        code_type_address=image.symbols.get(CODE_TYPE, 0),
        eval_check_opcodes=offsets.opcodes,
        **offsets.layout,
    )
    gil = _validated(process, memory, layout, offsets.place)
    return ResolvedTarget(
        layout=layout,
        objects=offsets.objects,
        python=version.text,
        build="default",
        switch_interval_ns=gil.interval_us * 1000,
        stdlib=stdlib_folders(memory, layout, offsets.objects),
        command=process.command,
    )


def _validated(process: Process, memory: RemoteMemory, layout: Layout, place: NumberMapping[str, int]) -> state.Gil:
    """The GIL as it is now, after everything was held against what is really there."""
    states = state.thread_states(memory, layout)
    gil = state.read_gil(memory, layout, place["gil_interval"])
    validate.check_threads(states, process.tids())
    validate.check_owner(memory, states, layout.interpreter_address, place["thread_interpreter"])
    validate.check_gil(gil, states)
    validate.check_frames(memory, states, layout)
    return gil


def _only_interpreter(pid: int, memory: RemoteMemory, runtime: int, offsets: Offsets) -> int:
    """Address of the main interpreter's state, which has to be the only one."""
    head = runtime + offsets.layout["interpreters_head"]
    found = state.interpreters(memory, head, offsets.layout["interpreter_next"])
    if not found:
        raise state.Implausible("the list of interpreters", "it is empty")
    if len(found) > 1:
        raise NotReadable(
            f"reading process {pid}",
            f"it has {len(found)} interpreters (sub-interpreters)",
            "gilprof reads processes with one interpreter",
        )
    return found[0]


def _gil_address(memory: RemoteMemory, runtime: int, interpreter: int, place: NumberMapping[str, int]) -> int:
    """Where the interpreter's GIL is: in the runtime up to 3.11, behind the interpreter's pointer since."""
    if "runtime_gil" in place:
        return runtime + place["runtime_gil"]
    address = memory.u64(interpreter + place["interpreter_gil"])
    if not address:
        raise state.Implausible("the interpreter's GIL", "there is none yet")
    return address
