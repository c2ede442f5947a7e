"""``resolve`` finds what the target itself says, on every interpreter here."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gilprof.target.layout import ABSENT, Layout
from gilprof.target.memory import MemoryUnreadable, RemoteMemory
from gilprof.target.process import Process
from gilprof.target.resolve import resolve
from gilprof.target.state import read_gil, thread_states
from tests.support.dialogue import Dialogue, dialogue
from tests.support.interpreters import Interpreter, variants

SYS_FUTEX = 202
LOOKING_S = 20.0
every_interpreter = pytest.mark.parametrize("interpreter", variants(), ids=str)

SLEEPERS = """
import os, threading
sys.setswitchinterval(0.0123)
ready = threading.Barrier(6)
done = threading.Event()
def work():
    ready.wait()
    done.wait()
threads = [threading.Thread(target=work, daemon=True) for _ in range(5)]
for thread in threads:
    thread.start()
ready.wait()
tell({
    "native": [thread.native_id for thread in threads] + [threading.get_native_id()],
    "ident": [thread.ident for thread in threads] + [threading.get_ident()],
    "version": sys.version.split()[0],
    "stdlib": os.path.dirname(os.path.abspath(os.__file__)),
})
hear()
"""

SPINNERS = """
import threading
def spin():
    while True:
        pass
def condition(n=0):
    while n >= 0:
        n += 1
def call():
    def f(x):
        return x
    while True:
        f(f(1))
def recursion():
    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)
    while True:
        fib(20)
def generator():
    def count():
        while True:
            yield 1
    for _ in count():
        pass
threads = [threading.Thread(target=globals()[sys.argv[1]], daemon=True) for _ in range(3)]
for thread in threads:
    thread.start()
tell([thread.native_id for thread in threads])
hear()
"""


@every_interpreter
def test_finds_what_the_target_says(interpreter: Interpreter) -> None:
    with (
        dialogue(interpreter.path, SLEEPERS) as target,
        Process(target.pid) as process,
        RemoteMemory(target.pid) as memory,
    ):
        said = target.hear()
        begun = time.monotonic()
        found = resolve(process, memory)
        took_s = time.monotonic() - begun
        states = thread_states(memory, found.layout)
        assert {state.tid for state in states} == set(said["native"])
        assert {state.ident for state in states} == set(said["ident"])
        assert len({state.id for state in states}) == len(states)
        assert found.switch_interval_ns == 12_300_000
        assert found.python == said["version"] == interpreter.release
        assert found.build == "default"
        assert [str(Path(folder).resolve()) for folder in found.stdlib] == [str(Path(said["stdlib"]).resolve())]
        assert found.command[0] == str(interpreter.path)
        assert process.executable == str(interpreter.path)
        assert took_s < 0.5


@every_interpreter
def test_a_process_that_just_starts_is_waited_for(interpreter: Interpreter) -> None:
    with (
        dialogue(interpreter.path, "tell(sys.version.split()[0])\nhear()\n") as target,
        Process(target.pid) as process,
        RemoteMemory(target.pid) as memory,
    ):
        assert resolve(process, memory).python == interpreter.release


MUTEX_USERS = 12
"""Offset of glibc's ``__nusers`` in a mutex: who waits on a condition variable stays a user of its mutex."""


@every_interpreter
def test_threads_that_want_the_gil_wait_inside_its_struct(interpreter: Interpreter) -> None:
    """The GIL's address by another witness: the kernel's word on what waiting threads wait for."""
    with (
        dialogue(interpreter.path, SPINNERS, "spin") as target,
        Process(target.pid) as process,
        RemoteMemory(target.pid) as memory,
    ):
        tids = target.hear()
        layout = resolve(process, memory).layout
        waiters = set()
        futexes: set[int] = set()
        deadline = time.monotonic() + LOOKING_S
        while time.monotonic() < deadline and not (2 in waiters and len(futexes) >= 1):
            waiters.add(memory.u32(layout.gil_address + layout.gil_mutex + MUTEX_USERS))
            futexes |= {futex for tid in tids if (futex := waits_at(target, tid)) is not None}
        assert 2 in waiters, "two of three spinning threads wait at a time"
        assert max(waiters) <= 4
        assert all(layout.gil_address <= futex < layout.gil_address + layout.gil_size for futex in futexes)
        gil = read_gil(memory, layout, 0)
        assert gil.switch_number > 0


@every_interpreter
@pytest.mark.parametrize("loop", ["spin", "condition", "call", "recursion", "generator"])
def test_preempted_threads_stand_on_an_eval_check(interpreter: Interpreter, loop: str) -> None:
    """All instructions at which pure Python code gives the GIL up are known as such."""
    with (
        dialogue(interpreter.path, SPINNERS, loop) as target,
        Process(target.pid) as process,
        RemoteMemory(target.pid) as memory,
    ):
        tids = target.hear()
        layout = resolve(process, memory).layout
        seen: list[int] = []
        deadline = time.monotonic() + LOOKING_S
        while time.monotonic() < deadline and len(seen) < 60:
            seen += opcodes_of_waiting(target, memory, layout, set(tids))
        assert len(seen) >= 60
        others = [opcode for opcode in seen if opcode not in layout.eval_check_opcodes]
        assert len(others) <= 1, f"{others}: a thread may be met once, before its loop begins"


def opcodes_of_waiting(target: Dialogue, memory: RemoteMemory, layout: Layout, tids: set[int]) -> list[int]:
    """The instructions on which threads stand that wait for the GIL, at one moment."""
    found = []
    for state in thread_states(memory, layout):
        before = waits_at(target, state.tid), read_gil(memory, layout, 0).switch_number
        if state.tid not in tids or before[0] is None:
            continue
        frame = memory.u64(state.address + layout.thread_frame)
        if layout.thread_frame_indirect != ABSENT:
            frame = memory.u64(frame + layout.thread_frame_indirect)
        try:
            opcode = memory.u8(memory.u64(frame + layout.frame_instruction))
        except MemoryUnreadable:
            continue
        if before == (waits_at(target, state.tid), read_gil(memory, layout, 0).switch_number):
            found.append(opcode)
    return found


@every_interpreter
def test_the_library_is_where_the_module_s_own_file_is(interpreter: Interpreter) -> None:
    """A path read while the module is imported may be another one's, or none at all."""
    code = """
import encodings, os
folder = os.path.dirname(os.path.abspath(os.__file__))
tell(folder)
for file in (os.path.join(folder, "other.py"), "", "/", ".", "x" * 300, 7):
    encodings.__file__ = file
    tell("set")
    hear()
"""
    with dialogue(interpreter.path, code) as target, Process(target.pid) as process, RemoteMemory(target.pid) as memory:
        said = target.hear()
        for _ in range(6):
            assert target.hear() == "set"
            [folder] = resolve(process, memory).stdlib
            assert Path(folder).resolve() == Path(said).resolve()
            target.tell()


def waits_at(target: Dialogue, tid: int) -> int | None:
    """The address of the futex on which a thread is blocked; None when it is not."""
    words = Path(f"/proc/{target.pid}/task/{tid}/syscall").read_text().split()
    return int(words[1], 16) if words[0] == str(SYS_FUTEX) else None
