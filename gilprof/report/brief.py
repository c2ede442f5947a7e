"""The sentence in fewer words, where it must fit into two lines of a screen; nothing that it names is left out."""

from __future__ import annotations

_SHORTER = (
    ("The GIL is busy ", "GIL busy "),
    (" of the time and ", ", "),
    (" on average", ""),
    (" of the waiting is for ", " of it for "),
    (" of the waiting is of threads that return from calls and want it back, ", " of it back from calls, "),
    (" of all waiting is for ", " for "),
    ("the waiting is spread over many functions, ", "for many functions, "),
    (" threads wait for it: ", " threads wait: "),
    (" thread waits for it: ", " thread waits: "),
    ("Python code or short C calls that share it evenly", "Python or short C calls, evenly"),
    ("Python code or short C calls", "Python or short C calls"),
    ("garbage collection that it sets off", "garbage collection"),
    ("which is blocked while it has the GIL", "blocked while it has the GIL"),
    ("the GIL is waited for ", "the GIL waited for "),
    ("threads stand ready without one", "threads are ready without one"),
)
"""In the words of ``gilprof.report.sentence`` and ``gilprof.report.not_the_gil``."""


_CPUS = "; CPUs are short as well"
"""What follows are figures that the tables have too."""


def brief(sentence: str) -> str:
    """``sentence`` in fewer words."""
    said, cpus_short, _ = sentence.partition(_CPUS)
    if cpus_short:
        sentence = f"{said}; CPUs are short too."
    for phrase, shorter in _SHORTER:
        sentence = sentence.replace(phrase, shorter)
    return sentence
