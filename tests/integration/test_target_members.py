"""Members of the interpreter that ``resolve`` cannot check: they follow what the target does."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gilprof.target.layout import ABSENT, Layout
from gilprof.target.memory import RemoteMemory
from gilprof.target.process import Process
from gilprof.target.resolve import resolve
from gilprof.target.state import read_gil, thread_states
from gilprof.target.strings import read_string
from tests.support.dialogue import Dialogue, dialogue
from tests.support.interpreters import Interpreter, variants

LOOKING_S = 20.0
QUIET_LOOKS = 200
every_interpreter = pytest.mark.parametrize("interpreter", variants(), ids=str)


def seen(look: Callable[[], bool]) -> bool:
    """Whether it is so at one look at least."""
    deadline = time.monotonic() + LOOKING_S
    while time.monotonic() < deadline:
        if look():
            return True
    return False


def never(look: Callable[[], bool]) -> bool:
    """Whether it is not so at any of many looks."""
    return not any(look() for _ in range(QUIET_LOOKS))


def drop_requested(memory: RemoteMemory, layout: Layout) -> bool:
    """Whether somebody has asked the holder for the GIL."""
    if layout.interpreter_drop_request != ABSENT:
        return memory.i32(layout.interpreter_address + layout.interpreter_drop_request) == 1
    holder = read_gil(memory, layout, 0).last_holder
    return bool(memory.u64(holder + layout.thread_eval_breaker) & 1)


@every_interpreter
def test_a_drop_request_is_seen_while_c_code_keeps_the_gil(interpreter: Interpreter) -> None:
    code = """
import ctypes, threading
def keep():
    while True:
        ctypes.PyDLL(None).usleep(50_000)
tell(0)
hear()
threading.Thread(target=keep, daemon=True).start()
n = 0
while True:
    n += 1
"""
    with (
        dialogue(interpreter.path, code) as target,
        Process(target.pid) as process,
        RemoteMemory(target.pid) as memory,
    ):
        target.hear()
        layout = resolve(process, memory).layout
        assert never(lambda: drop_requested(memory, layout))
        target.tell()
        assert seen(lambda: drop_requested(memory, layout))


@every_interpreter
def test_a_collection_is_seen(interpreter: Interpreter) -> None:
    code = """
import gc
gc.disable()
kept = [[n] for n in range(300_000)]
tell(0)
hear()
while True:
    gc.collect()
"""
    with (
        dialogue(interpreter.path, code) as target,
        Process(target.pid) as process,
        RemoteMemory(target.pid) as memory,
    ):
        target.hear()
        layout = resolve(process, memory).layout
        place = layout.interpreter_address + layout.interpreter_gc_collecting
        assert never(lambda: memory.i32(place) != 0)
        target.tell()
        assert seen(lambda: memory.i32(place) == 1)


@every_interpreter
def test_the_code_of_a_frame(interpreter: Interpreter) -> None:
    code = """
class Outer:
    def step(self):
        code = Outer.step.__code__
        tell({"line": code.co_firstlineno, "flags": code.co_flags, "file": code.co_filename,
              "bytecode": list(code.co_code), "table": len(code.co_linetable)})
        wait(hear)
def wait(hear):
    import os
    os.read(0, 1)
Outer().step()
"""
    with (
        dialogue(interpreter.path, code) as target,
        Process(target.pid) as process,
        RemoteMemory(target.pid) as memory,
    ):
        said = target.hear()
        layout = resolve(process, memory).layout
        codes: dict[str, int] = {}
        assert seen(lambda: blocked_in_read(target) and "wait" in codes_of_main(memory, layout, codes))
        assert list(codes) == ["wait", "Outer.step", "<module>"]
        step = codes["Outer.step"]
        assert read_string(memory, memory.u64(step + layout.code_filename), layout) == said["file"]
        assert read_string(memory, memory.u64(step + layout.code_name), layout) == "step"
        assert memory.i32(step + layout.code_first_line) == said["line"]
        assert memory.i32(step + layout.code_flags) == said["flags"]
        assert memory.u64(memory.u64(step + layout.code_line_table) + layout.bytes_size) == said["table"]
        end = len(said["bytecode"])
        assert list(memory.read(step + layout.code_bytecode + end - 2, 2)) == said["bytecode"][-2:]


def blocked_in_read(target: Dialogue) -> bool:
    """Whether the main thread stands still, in ``os.read``."""
    return Path(f"/proc/{target.pid}/syscall").read_text().startswith("0 ")


def codes_of_main(memory: RemoteMemory, layout: Layout, codes: dict[str, int]) -> dict[str, int]:
    """The main thread's stack: qualified names, the innermost first, and their code objects."""
    codes.clear()
    frame = thread_states(memory, layout)[0].frame
    if layout.thread_frame_indirect != ABSENT:
        frame = memory.u64(frame + layout.thread_frame_indirect)
    for _ in range(100):
        if not frame:
            break
        if memory.u8(frame + layout.frame_owner) < layout.frame_first_shim_owner:
            code = memory.u64(frame + layout.frame_code) & ~layout.frame_code_mask
            codes[read_string(memory, memory.u64(code + layout.code_qualname), layout)] = code
        frame = memory.u64(frame + layout.frame_previous)
    return codes
