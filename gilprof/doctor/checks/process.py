"""The process itself, as far as everybody may see it."""

from __future__ import annotations

import shlex

import psutil

from gilprof.doctor.finding import Finding, Level
from gilprof.errors import NoSuchProcess
from gilprof.report.names import printable
from gilprof.target.process import Process

COMMAND_LENGTH = 48
STOPPED = {psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP}


def process(pid: int) -> Finding:
    """Raises NoSuchProcess, NotReadable for a kernel thread; a note for one that is stopped."""
    with Process(pid) as target:
        command = printable(shlex.join(target.command), COMMAND_LENGTH)
        try:
            seen = psutil.Process(pid)
            status, uid = seen.status(), seen.uids().effective
        except psutil.NoSuchProcess as error:
            raise NoSuchProcess(f"looking at process {pid}", "it ended meanwhile", "check the PID") from error
        count = len(target.tids())
    threads = "1 thread" if count == 1 else f"{count} threads"
    found = f"{pid}: {command}, uid {uid}, {threads}"
    if status in STOPPED:
        return Finding("process", Level.NOTE, f"{found}, stopped", f"it is stopped now: kill -CONT {pid}")
    return Finding("process", Level.OK, found)
