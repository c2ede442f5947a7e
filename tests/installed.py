"""A real attach with the gilprof that is installed: ``python tests/installed.py``, in any environment that has it.

cibuildwheel runs it on every wheel, tests/integration/test_packaging.py on the wheel that it builds. Nothing of
the source tree is imported: ``-m`` would find it in the working directory, so that is another one. Status 0, or an
assertion that says what was wrong.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SECONDS = 1.0
PROGRAM = """
import threading
def spin():
    while True:
        pass
for number in range(2):
    threading.Thread(target=spin, name=f"spin-{number}", daemon=True).start()
print("ready", flush=True)
threading.Event().wait()
"""


def main() -> None:
    import gilprof

    print(f"gilprof {gilprof.__version__} in {Path(gilprof.__file__).parent}, Python {sys.version.split()[0]}")
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
            command = ["attach", str(program.pid), "--no-live", "-d", str(SECONDS), "--json", "-"]
            gilprof_command = [sys.executable, "-m", "gilprof", *command]
            done = subprocess.run(gilprof_command, capture_output=True, text=True, cwd=sys.prefix)
        finally:
            program.kill()
    assert done.returncode == 0, f"status {done.returncode}: {done.stderr}"
    report = json.loads(done.stdout)
    process = report["processes"][0]
    spinners = [row for row in process["threads"] if row["name"].startswith("spin-")]
    assert len(spinners) == 2, [row["name"] for row in process["threads"]]
    for row in spinners:
        busy_s = row["seconds"]["held"] + row["seconds"]["waiting"]
        assert busy_s > 0.9 * row["alive_s"] > 0.5 * SECONDS, row
    assert process["gils"][0]["held"] > 0.9, process["gils"]
    print(report["sentence"])


if __name__ == "__main__":
    main()
