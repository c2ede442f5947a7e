"""Who gilprof is, for the kernel."""

from __future__ import annotations

import os
from pathlib import Path

from gilprof.doctor.finding import Finding, Level
from gilprof.target.access import can_trace_any
from gilprof.target.container import ReadText, container


def user(read_text: ReadText = Path.read_text) -> Finding:
    """Never in the way by itself."""
    capability = "with" if can_trace_any(read_text) else "without"
    place = container(read_text)
    where = f", in a container ({place})" if place else ""
    return Finding("user", Level.OK, f"uid {os.geteuid()}, {capability} CAP_SYS_PTRACE{where}")
