"""Processes that gilprof cannot read are told apart, each with its own word."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gilprof.errors import GilprofError, NoSuchProcess, NotReadable, PermissionRefused
from gilprof.target import resolve as resolve_module
from gilprof.target.elf import Image
from gilprof.target.memory import RemoteMemory
from gilprof.target.offsets import Offsets, offsets_of
from gilprof.target.process import Process
from gilprof.target.resolve import ResolvedTarget, resolve
from gilprof.target.version import PythonVersion
from tests.support.dialogue import dialogue
from tests.support.interpreters import Interpreter, interpreters, unsupported, variants

every_interpreter = pytest.mark.parametrize("interpreter", variants(), ids=str)
WAIT = "tell(0)\nhear()\n"
LINE_AND_WAIT = "print(1, flush=True); input()"
NOBODY = 65534


def attach(pid: int) -> ResolvedTarget:
    with Process(pid) as process, RemoteMemory(pid) as memory:
        return resolve(process, memory)


@pytest.mark.parametrize("version", unsupported())
def test_older_pythons_are_named(version: str) -> None:
    with dialogue(unsupported()[version], WAIT) as target:
        target.hear()
        with pytest.raises(NotReadable, match=rf"Python {version}; supported: 3\.11 to 3\.15"):
            attach(target.pid)


def test_a_shell_is_no_python() -> None:
    with subprocess.Popen(["sh", "-c", "echo; read line"], stdin=-1, stdout=-1) as shell:
        assert shell.stdout is not None
        shell.stdout.readline()
        with pytest.raises(NotReadable, match="not a Python"):
            attach(shell.pid)
        shell.kill()


def test_a_free_pid() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    with pytest.raises(NoSuchProcess):
        Process(child.pid)
    with pytest.raises(NoSuchProcess):
        RemoteMemory(child.pid)


def test_a_zombie_has_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(NoSuchProcess, match="zombie"):
            Process(child.pid)


def test_a_thread_is_no_process() -> None:
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    try:
        assert thread.native_id is not None
        with pytest.raises(NoSuchProcess, match=f"thread of process {os.getpid()}"):
            Process(thread.native_id)
    finally:
        end.set()
        thread.join()


@every_interpreter
def test_sub_interpreters(interpreter: Interpreter) -> None:
    module = "_interpreters" if interpreter.version >= "3.13" else "_xxsubinterpreters"
    with dialogue(interpreter.path, f"import {module}\nkept = {module}.create()\n{WAIT}") as target:
        target.hear()
        with pytest.raises(NotReadable, match="2 interpreters"):
            attach(target.pid)


@every_interpreter
@pytest.mark.parametrize("protection", ["PROT_READ", "PROT_READ | mmap.PROT_WRITE"])
def test_a_second_mapping_of_the_interpreter_is_not_mistaken(interpreter: Interpreter, protection: str) -> None:
    code = f"""
import mmap
path = next((line.split()[-1] for line in open("/proc/self/maps") if "libpython" in line), sys.executable)
with open(path, "rb") as file:
    kept = [mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.{protection}) for _ in range(3)]
for copy in kept:
    copy[0], copy[-1]
{WAIT}"""
    with dialogue(interpreter.path, code) as target:
        target.hear()
        assert attach(target.pid).python == interpreter.release


def test_a_layout_that_does_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a debug build would look like: a struct member elsewhere."""

    def shifted(memory: RemoteMemory, image: Image, version: PythonVersion) -> Offsets:
        offsets = offsets_of(memory, image, version)
        offsets.layout["thread_native_id"] += 8
        return offsets

    monkeypatch.setattr(resolve_module, "offsets_of", shifted)
    monkeypatch.setattr(resolve_module, "START_UP_S", 0.05)
    for path in interpreters().values():
        with dialogue(path, WAIT) as target:
            target.hear()
            with pytest.raises(NotReadable, match="kernel ids"):
                attach(target.pid)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user")
def test_another_user_is_refused() -> None:
    with dialogue(Path(sys.executable), WAIT) as target:
        target.hear()
        assert _as_nobody(target.pid) == PermissionRefused.status


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to make a PID namespace")
def test_a_container_seen_from_outside() -> None:
    command = [
        "unshare",
        "--pid",
        "--fork",
        "--kill-child",
        sys.executable,
        "-c",
        "print(1, flush=True); input()",
    ]
    with subprocess.Popen(command, stdin=-1, stdout=-1) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
        with pytest.raises(NotReadable, match="run gilprof inside the container"):
            attach(int(children[0]))
        parent.kill()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, for a mount namespace")
def test_a_file_system_of_its_own(tmp_path: Path) -> None:
    """The interpreter's files lie where gilprof sees nothing: they are read through the target's root."""
    path = next(iter(interpreters().values()))
    prefix = path.parents[1]
    script = f"mount --bind {prefix} {tmp_path} && exec {tmp_path}/bin/{path.name} -c '{LINE_AND_WAIT}'"
    environment = os.environ | {"LD_LIBRARY_PATH": f"{tmp_path}/lib"}
    with subprocess.Popen(["unshare", "--mount", "sh", "-c", script], stdin=-1, stdout=-1, env=environment) as target:
        assert target.stdout is not None
        assert target.stdout.readline() == b"1\n"
        assert not (tmp_path / "bin").exists()
        with Process(target.pid) as process, RemoteMemory(target.pid) as memory:
            assert any(mapping.path.startswith(str(tmp_path)) for mapping in process.maps())
            assert resolve(process, memory).command[0].startswith(str(tmp_path))
        target.kill()


def _as_nobody(pid: int) -> int:
    """The status of the error that attaching as another user ends with."""
    child = os.fork()
    if child == 0:
        status = 99
        try:
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            attach(pid)
        except GilprofError as error:
            status = error.status if "run gilprof as that user" in str(error) else 98
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
