"""What gilprof says about a running target: attached to for some seconds, from the facts to the report."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from gilprof.analysis.classify.classifier import Classifier
from gilprof.analysis.classify.verdicts import LookVerdicts, PassVerdicts, Verdicts
from gilprof.analysis.profile import Profile
from gilprof.analysis.profile_sums import ProfileSums
from gilprof.model import Batch
from gilprof.report.build import build_report
from gilprof.report.json import as_json
from gilprof.sources.live import LiveSource
from tests.support.laws import check_laws
from tests.support.steal import StealRecord

DRAIN_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Observation:
    """An observation that is over. Its report keeps the laws."""

    profile: Profile
    sums: ProfileSums
    passes: PassVerdicts
    looks: LookVerdicts
    """Of every thread at every pass; ``thread`` is the source's id, as in ``profile.definitions.threads``."""
    process: dict[str, Any]
    """The only process of ``report --json``."""
    queued_s: dict[int, float]
    """By tid, for threads that lived all the time: seconds without a CPU though runnable, by the kernel's
    account as the test itself read it."""
    steal: StealRecord
    """What the machine's host took meanwhile."""

    @property
    def stolen_s(self) -> float:
        """Of all CPUs together, by the machine's host."""
        return self.steal.total_s

    @property
    def window(self) -> tuple[int, int]:
        """First and last pass, CLOCK_MONOTONIC in nanoseconds."""
        return self.sums.first_t_ns, self.sums.last_t_ns

    @property
    def window_s(self) -> float:
        return (self.sums.last_t_ns - self.sums.first_t_ns) / 1e9

    def thread(self, name: str) -> dict[str, Any]:
        """The report's row of the only thread of this name."""
        (row,) = self.threads(name)
        return row

    def threads(self, prefix: str) -> list[dict[str, Any]]:
        """The report's rows of all threads whose names begin so."""
        return [row for row in self.process["threads"] if row["name"].startswith(prefix)]

    def function(self, name: str) -> dict[str, Any]:
        """The report's row of the only function of this name."""
        (row,) = [row for row in self.process["functions"] if row["name"] == name]
        return cast(dict[str, Any], row)

    def blame_s(self, table: str, holder: int | None, waiter: int) -> float:
        """Seconds in one of the report's blame tables, by the rows' ids."""
        rows = self.process["blame"][table]
        return float(sum(row["seconds"] for row in rows if (row["holder"], row["waiter"]) == (holder, waiter)))

    def tid(self, name: str) -> int:
        """The kernel's number of the only thread of this name."""
        return int(self.thread(name)["tid"])

    def looks_at(self, tid: int) -> npt.NDArray[np.intp]:
        """The rows of ``looks`` at the latest thread with this tid."""
        (*_, number) = [thread.id for thread in self.profile.definitions.threads.values() if thread.tid == tid]
        return np.flatnonzero(self.looks.thread == number)


def observe(pid: int, seconds: float, rate_hz: float = 1000.0) -> Observation:
    """Attach to ``pid``, watch for so long, and build the report, whose laws are checked."""
    batches: list[Batch] = []
    queued_before, steal = queued_by_thread_s(pid), StealRecord()
    with closing(LiveSource.attach(pid, rate_hz)) as source:
        profile = Profile(source.info)
        end = time.monotonic() + seconds
        while time.monotonic() < end and (batch := source.drain()) is not None:
            batches.append(batch)
            profile.add(batch)
            steal.note()
            time.sleep(max(0.0, min(DRAIN_EVERY_S, end - time.monotonic())))
    queued_after = queued_by_thread_s(pid)
    steal.note()
    profile.finish()
    report = as_json(build_report(profile))
    check_laws(report)
    passes, looks = _judged(Classifier(source.info, lambda: profile.definitions.stacks), batches)
    return Observation(
        profile=profile,
        sums=profile.sums(),
        passes=passes,
        looks=looks,
        process=report["processes"][0],
        queued_s={tid: queued_after[tid] - queued_before[tid] for tid in queued_before.keys() & queued_after.keys()},
        steal=steal,
    )


def queued_by_thread_s(pid: int) -> dict[int, float]:
    """By tid, how long it has been runnable without a CPU so far (schedstat, proc(5)); ended threads left out."""
    queued = {}
    for folder in Path(f"/proc/{pid}/task").glob("[0-9]*"):
        try:
            queued[int(folder.name)] = int((folder / "schedstat").read_text().split()[1]) / 1e9
        except (FileNotFoundError, ProcessLookupError):
            continue
    return queued


def _judged(classifier: Classifier, batches: list[Batch]) -> tuple[PassVerdicts, LookVerdicts]:
    """All verdicts, as the Profile sums them up; rows number passes and looks from the first batch on."""
    parts = [classifier.feed(batch.passes, batch.looks) for batch in batches]
    parts.append(classifier.finish())
    verdicts = Verdicts.joined(parts)
    return verdicts.passes, verdicts.looks
