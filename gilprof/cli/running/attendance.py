"""gilprof beside the program that it has started: signals, stops, and the program's end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from gilprof.target.launch import Launched

PASSED_ON = frozenset({signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2})
"""People send these to the process that they have started, which is gilprof."""
JOB_CONTROL = frozenset({signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU})
"""gilprof stops when the program has stopped for one of these, not when it is sent one itself."""
LEFT_TO_THE_PROGRAM = frozenset({signal.SIGINT, signal.SIGQUIT}) | JOB_CONTROL
"""The terminal sends these to the whole process group: the program has them too."""
HELD = PASSED_ON | LEFT_TO_THE_PROGRAM | {signal.SIGCHLD}
PATIENCE_S = 0.2
"""A signal is passed on so late: sent to the whole process group, it has ended most programs by then."""
SENT_BY_A_PROCESS = {0, -1}
"""``si_code`` SI_USER and SI_QUEUE (sigaction(2)); what the kernel itself sends has a positive one."""
ENDS_MOST = frozenset({signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT})
LOOK_S = 0.5


@contextmanager
def held_signals() -> Iterator[frozenset[int]]:
    """Blocks the signals that an ``Attendance`` takes, and gives those that were blocked before.

    To be entered before any thread is started (numpy starts some): threads inherit what is blocked.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, it would leave nothing to wait for
    before = frozenset(int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, HELD))
    try:
        yield before
    finally:
        while signal.sigtimedwait(HELD, 0) is not None:
            pass
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Attendance:
    """Waits beside the program; every signal is answered within a wait, none interrupts anything."""

    def __init__(self, program: Launched, own_session: bool = False, keep: bool = False) -> None:
        """``own_session``: the program has one, so that nothing from gilprof's terminal reaches it by itself.
        ``keep``: SIGUSR1 is for gilprof."""
        self._program = program
        self._own_session = own_session
        self._keep = keep
        self._write_asked = False
        self.must_exit = False
        """A signal that ends most programs was sent to gilprof."""
        self._due: dict[int, float] = {}
        """Signals to pass on, and when."""

    @property
    def profile_over(self) -> bool:
        """The program has ended: there is nothing to wait for any more."""
        return self._program.has_ended()

    def take_write_request(self) -> bool:
        """Whether SIGUSR1 came for gilprof since the last call."""
        asked, self._write_asked = self._write_asked, False
        return asked

    def sleep(self, seconds: float) -> None:
        """At most so long; less when the program ends."""
        end = time.monotonic() + seconds
        while not self.profile_over and time.monotonic() < end:
            self._answer(end)

    def linger(self, seconds: float) -> None:
        """So long, whether or not the program has ended; less when gilprof is told to end."""
        end = time.monotonic() + seconds
        while not self.must_exit and time.monotonic() < end:
            self._answer(end)

    def wait_for_the_end(self) -> None:
        """As long as the program runs."""
        while not self.profile_over:
            self.sleep(LOOK_S)

    def _answer(self, end: float) -> None:
        next_due = min([end, *self._due.values()])
        self._take(signal.sigtimedwait(HELD, max(next_due - time.monotonic(), 0)))
        self._pass_on()

    def _take(self, taken: signal.struct_siginfo | None) -> None:
        if taken is None:
            return
        if taken.si_signo == signal.SIGCHLD:
            self._stop_with_the_program()
        elif taken.si_signo == signal.SIGUSR1 and self._keep:
            self._write_asked = True
        elif self._own_session and taken.si_signo not in JOB_CONTROL:
            self._due.setdefault(taken.si_signo, time.monotonic())
            self.must_exit = self.must_exit or taken.si_signo in ENDS_MOST
        elif taken.si_signo in PASSED_ON and self._is_for_gilprof_alone(taken):
            self._due.setdefault(taken.si_signo, time.monotonic() + PATIENCE_S)

    def _is_for_gilprof_alone(self, taken: signal.struct_siginfo) -> bool:
        """As far as that can be told: not from the terminal, and not from the program itself.

        A terminal that is closed tells the session's leader alone, until that ends.
        """
        if taken.si_code in SENT_BY_A_PROCESS:
            return taken.si_pid != self._program.pid
        return taken.si_signo == signal.SIGHUP and os.getsid(0) == os.getpid()

    def _pass_on(self) -> None:
        now = time.monotonic()
        for number in [number for number, due in self._due.items() if due <= now]:
            del self._due[number]
            self._program.send(number)

    def _stop_with_the_program(self) -> None:
        """For the shell, gilprof is the job: it stops when the program does, and is continued with it."""
        number = self._program.stopped_by()
        if number not in JOB_CONTROL:
            return
        os.kill(os.getpid(), number)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})  # stops here
        signal.pthread_sigmask(signal.SIG_BLOCK, {number})
        self._program.send(signal.SIGCONT)
