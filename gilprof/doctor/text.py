"""A diagnosis for people."""

from __future__ import annotations

from gilprof.doctor.diagnosis import Diagnosis


def diagnosis_text(diagnosis: Diagnosis) -> str:
    """A line a check, then the verdict."""
    findings = diagnosis.findings
    width = max(len(found.check) for found in findings)
    lines = [f"{found.level.value:4}  {found.check:{width}}  {found.found}" for found in findings]
    return "\n".join([*lines, "", diagnosis.verdict, ""])
