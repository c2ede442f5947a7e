"""A diagnosis as JSON."""

from __future__ import annotations

import json

from gilprof import __version__
from gilprof.doctor.checks.trial import RATE_HZ
from gilprof.doctor.diagnosis import Diagnosis

SCHEMA = "gilprof.doctor/1"


def diagnosis_json(diagnosis: Diagnosis) -> str:
    """One object, one line a key."""
    error = diagnosis.error
    made = {
        "schema": SCHEMA,
        "gilprof": __version__,
        "pid": diagnosis.pid,
        "status": 0 if error is None else error.status,
        "verdict": diagnosis.verdict,
        "next_step": None if error is None else error.next_step or None,
        "cost": {"rate_hz": RATE_HZ, "core_share": diagnosis.cost_share},
        "checks": [
            {"check": found.check, "level": found.level.value, "found": found.found} for found in diagnosis.findings
        ],
    }
    return json.dumps(made, indent=2) + "\n"
