"""Names of threads as ``threading`` knows them, whatever form their instances have."""

from __future__ import annotations

import pytest

from gilprof.target.memory import RemoteMemory
from gilprof.target.names import thread_names
from gilprof.target.process import Process
from gilprof.target.resolve import ResolvedTarget, resolve
from tests.support.dialogue import Dialogue, dialogue
from tests.support.interpreters import Interpreter, variants

every_interpreter = pytest.mark.parametrize("interpreter", variants(), ids=str)

NAMED = """
import threading, _thread
stop = threading.Event()
class Worker(threading.Thread):
    def __init__(self, name):
        super().__init__(name=name, daemon=True)
        self.one = 1
        self.__dict__["two words"] = 2
    def run(self):
        stop.wait()
class Slotted(Worker):
    __slots__ = ("extra",)
def start(thread):
    thread.start()
    return thread
threads = [start(threading.Thread(target=stop.wait, name="plain", daemon=True))]
threads.append(start(Worker("subclass")))
threads.append(start(threading.Thread(target=stop.wait, name="caf\\xe9 \\u4e2d \\U0001f40d", daemon=True)))
threads.append(start(threading.Thread(target=stop.wait, name="dict", daemon=True)))
vars(threads[-1]).update({"n%d" % i: i for i in range(100)})
threads.append(start(Slotted("n" * 5000)))
_thread.start_new_thread(stop.wait, ())
def told():
    return {str(t.ident): t.name for t in [*threads, threading.main_thread()]}
"""


def names_now(target: Dialogue, process: Process, memory: RemoteMemory, found: ResolvedTarget) -> None:
    """The target's names are found, all and only those (long ones are cut)."""
    said = {int(ident): name[:4096] for ident, name in target.hear().items()}
    names = thread_names(memory, found)
    assert {ident: named.name for ident, named in names.items()} == said
    assert {named.native_id for named in names.values()} <= set(process.tids())
    assert {process.comm(tid) for tid in process.tids()}


@every_interpreter
def test_names_and_renames(interpreter: Interpreter) -> None:
    code = (
        NAMED
        + """
tell(told())
hear()
threads[0].name = "renamed"
threads[1].name = "also renamed"
tell(told())
hear()
"""
    )
    with (
        dialogue(interpreter.path, code) as target,
        Process(target.pid) as process,
        RemoteMemory(target.pid) as memory,
    ):
        found = resolve(process, memory)
        names_now(target, process, memory, found)
        target.tell()
        names_now(target, process, memory, found)


@every_interpreter
def test_many_threads_and_modules(interpreter: Interpreter) -> None:
    code = """
import threading, types
for i in range(3000):
    sys.modules["m%d" % i] = types.ModuleType("m%d" % i)
stop = threading.Event()
threads = [threading.Thread(target=stop.wait, name="pool-%d" % i, daemon=True) for i in range(300)]
for thread in threads:
    thread.start()
tell({str(t.ident): t.name for t in [*threads, threading.main_thread()]})
hear()
"""
    with (
        dialogue(interpreter.path, code) as target,
        Process(target.pid) as process,
        RemoteMemory(target.pid) as memory,
    ):
        said = {int(ident): name for ident, name in target.hear().items()}
        names = thread_names(memory, resolve(process, memory))
        assert {ident: named.name for ident, named in names.items()} == said


@every_interpreter
@pytest.mark.parametrize(
    "damage",
    [
        "threading._active = 3",
        "threading._active = {1: 2}",
        "sys.modules['threading'] = 7",
        "del threading._active",
    ],
)
def test_nonsense_gives_no_names(interpreter: Interpreter, damage: str) -> None:
    code = f"import threading\ntell(0)\nhear()\n{damage}\ntell(0)\nhear()\nimport os\nos._exit(0)\n"
    with (
        dialogue(interpreter.path, code) as target,
        Process(target.pid) as process,
        RemoteMemory(target.pid) as memory,
    ):
        target.hear()
        found = resolve(process, memory)
        assert thread_names(memory, found)
        target.tell()
        target.hear()
        assert thread_names(memory, found) == {}
        target.tell()
        target.process.wait(10)
        assert thread_names(memory, found) == {}


@every_interpreter
def test_a_damaged_thread_is_missing_alone(interpreter: Interpreter) -> None:
    code = (
        NAMED
        + """
threads[0]._name = 3
threads[1]._name = ["x"]
del threads[2]._name
tell({str(t.ident): t._name for t in [*threads[3:], threading.main_thread()]})
hear()
"""
    )
    with (
        dialogue(interpreter.path, code) as target,
        Process(target.pid) as process,
        RemoteMemory(target.pid) as memory,
    ):
        found = resolve(process, memory)
        names_now(target, process, memory, found)
