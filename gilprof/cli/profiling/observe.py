"""Draws from a source until somebody says stop, the time is up, or the target ends."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

import click

from gilprof.cli.options import ProfileOptions
from gilprof.cli.output import is_terminal
from gilprof.model import Batch
from gilprof.sources.base import Source
from gilprof.units import format_rate, format_seconds

DRAIN_EVERY_S = 0.1
CALM_DRAIN_EVERY_S = 0.5
"""Where a profile is left on for long."""
UNSEEN_ANALYSE_EVERY_S = 2.0
"""Where nobody looks: what has come in so long is analysed at once, which costs half of what small pieces do."""
PROGRESS_EVERY_S = 0.5

Take = Callable[[Batch], None]


class Until(Protocol):
    """What else may end a profile, and how to pass the time until then."""

    @property
    def profile_over(self) -> bool:
        """The profile is to end."""

    @property
    def must_exit(self) -> bool:
        """A signal says that gilprof is to end."""

    def sleep(self, seconds: float) -> None:
        """At most so long."""

    def linger(self, seconds: float) -> None:
        """At most so long, also when the profile is over."""


class Stop:
    """Whether a signal has asked for the end of the profile."""

    def __init__(self) -> None:
        self.profile_over = False
        self._write_asked = False

    def take_write_request(self) -> bool:
        """Whether SIGUSR1 came since the last call."""
        asked, self._write_asked = self._write_asked, False
        return asked

    @property
    def must_exit(self) -> bool:
        """The same: no other thing ends it."""
        return self.profile_over

    def sleep(self, seconds: float) -> None:
        """So long, also when a signal comes."""
        time.sleep(seconds)

    linger = sleep

    def ask(self, number: int = 0, frame: FrameType | None = None) -> None:
        """A signal handler."""
        self.profile_over = True

    def ask_to_write(self, number: int = 0, frame: FrameType | None = None) -> None:
        """A signal handler for SIGUSR1."""
        self._write_asked = True


@contextmanager
def stop_on_signals(keep: bool = False) -> Iterator[Stop]:
    """Ctrl-C, SIGTERM and SIGHUP end the profile, not the data: while this lasts they only set the flag.

    SIGHUP stays ignored where it is (``nohup``). ``keep``: SIGUSR1 asks for what is kept to be written.
    """
    stop = Stop()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, stop.ask) for number in numbers}
    if keep:
        before[signal.SIGUSR1] = signal.signal(signal.SIGUSR1, stop.ask_to_write)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def wait(seconds: float, stop: Until) -> None:
    """Sleep, unless ``stop`` is asked for."""
    end = time.monotonic() + seconds
    while not stop.profile_over and (left := end - time.monotonic()) > 0:
        stop.sleep(min(left, DRAIN_EVERY_S))


def drain_every_s(options: ProfileOptions) -> float:
    """How often facts are taken out of the sampler's ring, which holds far more than that."""
    return DRAIN_EVERY_S if options.keep is None else CALM_DRAIN_EVERY_S


def analyse_every_s(options: ProfileOptions, live: bool) -> float:
    """How often what was taken out is analysed, and stalls are told: long before what led to them is forgotten."""
    if live or (options.stall is not None and options.keep is None):
        return 0.0
    return UNSEEN_ANALYSE_EVERY_S if options.keep is None else min(UNSEEN_ANALYSE_EVERY_S, options.keep / 10)


def observe(source: Source, take: Take, duration_s: float | None, stop: Until, every_s: float = DRAIN_EVERY_S) -> None:
    """Give every batch of ``source`` to ``take``, one in ``every_s``."""
    end = None if duration_s is None else time.monotonic() + duration_s
    while (batch := source.drain()) is not None:
        take(batch)
        if stop.profile_over or (end is not None and time.monotonic() >= end):
            break
        left = every_s if end is None else min(every_s, end - time.monotonic())
        stop.sleep(max(left, 0.0))


class Progress:
    """A line on standard error that keeps itself up to date; nothing where that is no terminal."""

    def __init__(self, quiet: bool) -> None:
        self._shown = not quiet and is_terminal(sys.stderr)
        self._began = self._next = time.monotonic()

    def take(self, batch: Batch) -> None:
        """Show how far the profile is, now and then."""
        now = time.monotonic()
        if not self._shown or now < self._next:
            return
        self._next = now + PROGRESS_EVERY_S
        elapsed = now - self._began
        rate = format_rate(batch.health.passes / elapsed) if elapsed >= PROGRESS_EVERY_S else "-"
        click.echo(
            f"\r\x1b[Kgilprof: {format_seconds(elapsed)}, {batch.health.passes} passes ({rate}); Ctrl-C ends",
            err=True,
            nl=False,
        )

    def clear(self) -> None:
        """Make room for another line."""
        if self._shown:
            click.echo("\r\x1b[K", err=True, nl=False)
