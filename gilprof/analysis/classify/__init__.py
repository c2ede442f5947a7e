"""Facts to states: what each thread did at each look, in which time, and why it waits.

``Classifier`` takes passes and looks and gives ``Verdicts``. A rule is a module: of a runnable thread (``runnable``),
of one that slept meanwhile (``sleeps``), of a holder without a CPU (``holder_without_cpu``), of how a wait began
(``origins``).
"""

from __future__ import annotations

from gilprof.analysis.classify.classifier import Classifier
from gilprof.analysis.classify.run_queue import QueueTime
from gilprof.analysis.classify.verdicts import NOT_APPLICABLE, LookVerdicts, PassVerdicts, Verdicts

__all__ = [
    "NOT_APPLICABLE",
    "Classifier",
    "LookVerdicts",
    "PassVerdicts",
    "QueueTime",
    "Verdicts",
]
