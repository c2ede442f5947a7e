"""Prints gilprof's figures beside exact tracing of the same seconds, for docs/accuracy.md.

python -m tests.accuracy [X.Y ...]
"""

from __future__ import annotations

import sys

from tests.support.interpreters import variants
from tests.support.watched import CASES, watched


def main(versions: list[str]) -> None:
    print("| target | Python | thread | what | truth | gilprof | error |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for interpreter in variants():
        if versions and interpreter.version not in versions:
            continue
        for name in CASES:
            seen = watched(name, interpreter)
            for thread in seen.case.threads:
                for figure in seen.figures(thread):
                    if max(figure.high, figure.measured) < 0.0005:
                        continue
                    truth = f"{100 * figure.low:.1f}"
                    if figure.high - figure.low > 0.0005:
                        truth += f" to {100 * figure.high:.1f}"
                    measured, error = f"{100 * figure.measured:.1f}", f"{100 * figure.error:+.1f}"
                    cells = (name, interpreter.release, thread, figure.what, truth, measured, error)
                    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
