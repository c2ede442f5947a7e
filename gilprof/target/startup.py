"""Waits until there is an interpreter that can be read in a process that has just been started."""

from __future__ import annotations

import time
from typing import Protocol

from gilprof.errors import GilprofError, NoSuchProcess, NotReadable, PermissionRefused
from gilprof.target.elf import Image, python_images, read_ahead
from gilprof.target.memory import MemoryUnreadable, RemoteMemory
from gilprof.target.process import Mapping, Process
from gilprof.target.resolve import ResolvedTarget, resolve_images
from gilprof.target.state import Implausible
from gilprof.target.stdlib import stdlib_folders
from gilprof.target.tables import load_all

LIBRARY = "libpython"
"""In the name of what else may have a Python in it, besides the executable."""
EXEC_POLL_S = 0.005
"""How often it is asked whether another program was executed: two system calls."""
MIN_LOOK_S, MAX_LOOK_S = 0.001, 0.1
"""How often the mapped files are looked at: after a tenth of the time since something changed, within these."""
COMPLETE_S = 5.0
"""How long an interpreter that does not fit yet is tried."""
STDLIB_S = 0.5
"""How long an interpreter that can be read is given to import ``encodings``, which tells where its library is."""


def prepare(program: str) -> None:
    """Load what looking into ``program`` needs: nothing of it has to be read while the program starts."""
    load_all()
    read_ahead(program)


class Pause(Protocol):
    """How to pass the time, and whether there is still something to wait for."""

    @property
    def profile_over(self) -> bool:
        """The process has ended."""

    def sleep(self, seconds: float) -> None:
        """At most so long; less when it ends."""


class Startup:
    """Looks into process ``process`` until a Python is there, whatever it executes before."""

    def __init__(self, process: Process, pause: Pause) -> None:
        self.process = process
        self.failure: GilprofError | None = None
        """Why the last program in it could not be read."""
        self.python_seen = False
        """There was a Python, whether it could be read or not."""
        self._pause = pause

    def find(self) -> tuple[RemoteMemory, ResolvedTarget] | None:
        """The interpreter, as soon as it can be read; None if the process ended before."""
        began = time.monotonic()
        while not self._pause.profile_over:
            try:
                memory = RemoteMemory(self.process.pid)
            except PermissionRefused as error:  # another program in it may be allowed
                self.failure = error
                self._pause.sleep(_tenth_since(began))
                continue
            except NoSuchProcess:  # it has ended, or is just executing another program
                self._pause.sleep(MIN_LOOK_S)
                continue
            target = self._find_in(memory)
            if target is not None:
                return memory, target
            memory.close()
            self._pause.sleep(MIN_LOOK_S)
        return None

    def stdlib(self, memory: RemoteMemory, target: ResolvedTarget) -> tuple[str, ...]:
        """The folders of its standard library, once it has imported some of it; empty if it never does."""
        deadline = time.monotonic() + STDLIB_S
        folders = target.stdlib
        while not folders and not self._pause.profile_over and time.monotonic() < deadline:
            self._pause.sleep(MIN_LOOK_S)
            try:
                folders = stdlib_folders(memory, target.layout, target.objects)
            except NoSuchProcess:
                break
        return folders

    def _find_in(self, memory: RemoteMemory) -> ResolvedTarget | None:
        """The interpreter in this address space; None once that is gone."""
        program = _Program(self.process, memory)
        while not self._pause.profile_over and not memory.is_gone():
            try:
                target = program.look()
            except NoSuchProcess:
                return None
            except GilprofError as error:
                self.failure, target = error, None
            self.python_seen |= program.has_python
            if target is not None:
                return target
            self._pause.sleep(program.next_look_s())
        return None


class _Program:
    """One program in one address space; looked at anew when it has mapped itself, or another Python library."""

    def __init__(self, process: Process, memory: RemoteMemory) -> None:
        self._process = process
        self._memory = memory
        self._files: frozenset[str] | None = None
        self._images: tuple[Image, ...] = ()
        self._changed = self._due = time.monotonic()
        self.has_python = False
        """There is a Python among its files."""
        self._try_it = False

    def next_look_s(self) -> float:
        """How long to wait before it makes sense to ask again."""
        return min(max(self._due - time.monotonic(), MIN_LOOK_S), EXEC_POLL_S)

    def look(self) -> ResolvedTarget | None:
        """The interpreter if it can be read now; None: not yet. Raises GilprofError: not with these files."""
        now = time.monotonic()
        if now < self._due:
            return None
        self._due = now + _tenth_since(self._changed)
        mappings = self._process.maps()
        executable = self._process.executable
        files = frozenset(
            path for path in (mapping.path for mapping in mappings) if LIBRARY in path or path == executable
        )
        if files != self._files:
            self._files, self._changed = files, now
            self._try_it = False  # so it stays where the next line raises
            self._images = python_images(self._process, mappings)
            self._try_it = any(image.symbols for image in self._images)
            self.has_python |= self._try_it
        return self._attempt(now, mappings) if self._try_it else None

    def _attempt(self, now: float, mappings: tuple[Mapping, ...]) -> ResolvedTarget | None:
        try:
            return resolve_images(self._process, self._memory, mappings, self._images)
        except (Implausible, MemoryUnreadable) as error:
            if now - self._changed < COMPLETE_S:
                return None
            self._try_it = False
            tried = f"reading process {self._process.pid}"
            raise NotReadable(
                tried, f"no interpreter that fits ({error})", "debug builds cannot be read, use a release build"
            ) from error
        except NotReadable:
            self._try_it = False
            raise


def _tenth_since(moment: float) -> float:
    """Seconds until another look."""
    return min(max((time.monotonic() - moment) / 10, MIN_LOOK_S), MAX_LOOK_S)
