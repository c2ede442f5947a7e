"""What can go wrong, for people: what was tried, what the system answered, what to do next."""

from __future__ import annotations


class GilprofError(Exception):
    """A failure with one line for the user and an exit status (docs/command-line.md)."""

    status = 1

    def __init__(self, tried: str, answered: str, next_step: str = "") -> None:
        self.tried = tried
        self.answered = answered
        self.next_step = next_step
        super().__init__(f"{tried}: {answered}" + (f"; {next_step}" if next_step else ""))


class FileError(GilprofError):
    """A file is missing, damaged, unwritable, or exists without ``--force``."""


class UsageError(GilprofError):
    """The command line does not make sense."""

    status = 2


class PermissionRefused(GilprofError):
    """The kernel does not let us read the target."""

    status = 3


class NotReadable(GilprofError):
    """The target is not a Python that gilprof can read."""

    status = 4


class SamplerFailed(GilprofError):
    """The sampler's thread has ended with an error; what it had seen until then has been taken out."""


class NoSuchProcess(GilprofError):
    """There is no such process, or it was gone before a first look."""

    status = 5
