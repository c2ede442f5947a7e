"""A session: a profile of each of its processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gilprof.analysis.profile import Profile
from gilprof.model import FIRST_PROCESS, Batch, TargetInfo


class SessionProfile:
    """Batches of any processes in, a Profile of each out."""

    def __init__(self, info: TargetInfo, profile_of: Callable[[TargetInfo], Profile] = Profile) -> None:
        """``info``: of ``FIRST_PROCESS``. ``profile_of``: how the profile of a process is made, when its first batch
        comes."""
        self._profile_of = profile_of
        self._processes = {FIRST_PROCESS: profile_of(info)}

    @property
    def first(self) -> Profile:
        """Of the process that the source's ``info`` describes."""
        return self._processes[FIRST_PROCESS]

    @property
    def over(self) -> bool:
        """Every process has ended."""
        return all(profile.ended is not None for profile in self._processes.values())

    @property
    def processes(self) -> Mapping[int, Profile]:
        """By the process's number, in the order in which they came."""
        return self._processes

    def add(self, batch: Batch) -> None:
        """Take in the next batch."""
        if batch.target is not None and batch.process not in self._processes:
            self._processes[batch.process] = self._profile_of(batch.target)
        self._processes[batch.process].add(batch)

    def finish(self) -> None:
        """No batch follows."""
        for profile in self._processes.values():
            profile.finish()
