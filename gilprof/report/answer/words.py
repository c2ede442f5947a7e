"""The answer in words: one sentence for reports, and the same in fewer words for screens."""

from __future__ import annotations

import re

from gilprof.report.answer.limits import CONTENDED, DOMINANT, MOSTLY
from gilprof.report.answer.model import Answer, Doubt, Keeps, Kind, Reason, Spot
from gilprof.report.answer.spots import PYTHON
from gilprof.report.names import base_name, location, printable, threads_named
from gilprof.report.state_words import BLOCKED_IN
from gilprof.units import format_mean, format_share

_KEEPS = {
    Keeps.COLLECTING: ("garbage collection that it sets off", "garbage collection"),
    Keeps.BLOCKED: ("which is blocked while it has the GIL", "blocked while it has the GIL"),
    Keeps.NO_CPU: ("which stands ready without a CPU while it has the GIL", "ready without a CPU"),
    Keeps.C_CODE: ("C code that keeps it", "C code that keeps it"),
    Keeps.PYTHON: ("Python code or short C calls", "Python or short C calls"),
    Keeps.EVENLY: ("Python code or short C calls that share it evenly", "Python or short C calls, evenly"),
}
"""Long and short."""
_STDLIB_FOLDER = re.compile(r"^.*/python3(\.\d+)?t?/")
_IN_WORDS = {kind.name.lower(): words for kind, words in BLOCKED_IN.items()}


def sentence(answer: Answer) -> str:
    """One sentence with figures; every share says of what."""
    return _Words(answer, brief=False).sentence()


def brief(answer: Answer) -> str:
    """The same in fewer words; of what costs nearly as much as the first reason, only what it is."""
    return _Words(answer, brief=True).sentence()


def spot_named(spot: Spot) -> str:
    """``Parser.feed (ingest.py:88) in thread feeder``; where there is nothing but the standard library's code on the
    stack, ``what concurrent/futures/thread.py of the standard library calls, in thread pool-0``."""
    threads = threads_named(spot.threads)
    if spot.package == PYTHON and spot.file is not None:
        module = _STDLIB_FOLDER.sub("", spot.file)
        return f"what {printable(module, 60)} of the standard library calls, in {threads}"
    return f"{location(spot.name, spot.file, spot.line)} in {threads}"


class _Words:
    """Of one answer."""

    def __init__(self, answer: Answer, *, brief: bool) -> None:
        self._answer = answer
        self._brief = brief

    def sentence(self) -> str:
        """First what costs most, then what else, then what speaks against all of it."""
        first, *others = self._answer.reasons
        clauses = [self._first(first), *(self._also(reason) for reason in others)]
        if self._answer.collecting and not self._collects(first):
            clauses.append(self._collecting())
        if self._tail_fits(first) and not any(reason.kind is Kind.GIL for reason in others):
            clauses.append(self._pick(f"the GIL is waited for {self._waited()} of the time",
                                      f"the GIL waited for {self._waited()}"))  # fmt: skip
        clauses += self._doubts()
        return "; ".join(clauses) + "."

    @property
    def _the_gil(self) -> str:
        """``The GIL``; where there are several, ``GIL 2``."""
        return "The GIL" if self._answer.gil is None else f"GIL {self._answer.gil}"

    def _pick(self, long: str, short: str) -> str:
        return short if self._brief else long

    def _first(self, reason: Reason) -> str:
        shares = reason.shares
        not_the_gil = "" if self._answer.reason(Kind.GIL) else "Not the GIL: "
        match reason.kind:
            case Kind.GIL:
                return self._gil(reason)
            case Kind.LOOP:
                return self._loop(reason)
            case Kind.CPUS:
                too_few = self._pick("the machine has too few CPUs", "too few CPUs")
                return _capital(f"{not_the_gil}{too_few}, {self._too_few_cpus(reason)}")
            case Kind.RELEASED:
                return f"{not_the_gil}{self._without(reason, 'it' if not_the_gil else 'the GIL')}"
            case Kind.LOCK:
                return f"Not the GIL: {self._locked(reason)}"
            case Kind.ONE_THREAD | Kind.TURNS:
                return self._busy_alone(reason)
            case Kind.BLOCKED:
                return f"Not the GIL: {self._blocked(reason)}"
            case Kind.QUIET:
                held = format_share(shares["busy"])
                return f"Not the GIL: the GIL is held {held} and waited for {self._waited()} of the time"
            case Kind.NO_THREADS:
                return "Not the GIL: no thread that Python knows was seen"
            case Kind.NOT_OBSERVED:
                return "Nothing can be said: the process was not observed at all"

    def _also(self, reason: Reason) -> str:
        """What costs nearly as much as the first reason."""
        shares = reason.shares
        match reason.kind:
            case Kind.GIL:
                long = self._gil(reason)
                waits = self._waits(reason)
                return self._pick(long.replace("The GIL", "the GIL", 1), f"{waits} for the GIL: {self._whose(reason)}")
            case Kind.CPUS:
                queued = format_mean(shares["queued_mean"])
                return self._pick(
                    f"CPUs are short as well, {queued} threads stand ready without one on average", "CPUs are short too"
                )
            case Kind.RELEASED:
                work = format_share(shares["of_the_work"])
                where = f", most of it in {spot_named(reason.culprit)}" if reason.culprit else ""
                return self._pick(f"{work} of the work runs without the GIL{where}", f"{work} runs without the GIL")
            case Kind.ONE_THREAD | Kind.TURNS:
                who = (
                    f"one thread ({printable(reason.threads[0], 40)})" if reason.threads else "threads that take turns"
                )
                return f"the GIL is busy {format_share(shares['busy'])} of the time with {who}"
            case _:
                return self._locked(reason)

    def _gil(self, reason: Reason) -> str:
        busy, waits = format_share(reason.shares["busy"]), self._waits(reason)
        return self._pick(
            f"{self._the_gil} is busy {busy} of the time and {waits} for it on average: {self._whose(reason)}",
            f"{self._the_gil.removeprefix('The ')} busy {busy}, {waits}: {self._whose(reason)}",
        )

    def _waits(self, reason: Reason) -> str:
        mean = format_mean(reason.shares["waiters_mean"])
        return f"{mean} thread waits" if mean == "1.0" else f"{mean} threads wait"

    def _whose(self, reason: Reason) -> str:
        shares, spot = reason.shares, reason.culprit
        if spot is None or reason.keeps is None or shares["handover"] >= MOSTLY:
            return (
                f"for {format_share(shares['handover'])} of the waiting nobody has it, and the thread that is to have "
                "it next has not got in yet"
            )
        share, named, keeps = format_share(shares["culprit"]), spot_named(spot), self._pick(*_KEEPS[reason.keeps])
        if spot.many_of is not None:
            first = format_share(shares["first_of_many"])
            return self._pick(
                f"{share} of the waiting is for many functions of {printable(spot.many_of)}, {named} has the most, "
                f"{first} of it",
                f"{share} of it for many functions of {printable(spot.many_of)}, {named} has the most, {first}",
            )
        if shares["culprit"] < DOMINANT:
            return (
                self._pick("the waiting is spread over many functions, ", "for many functions, ")
                + f"{named} has the most, {share} of it"
            )
        if shares["returning"] >= MOSTLY and reason.keeps in (Keeps.PYTHON, Keeps.EVENLY):
            back = format_share(shares["returning"])
            return self._pick(
                f"{back} of the waiting is of threads that return from calls and want it back, {share} of all waiting "
                f"is for {named}, {keeps}",
                f"{back} of it back from calls, {share} for {named}, {keeps}",
            )
        return self._pick(f"{share} of the waiting is for {named}, {keeps}", f"{share} of it for {named}, {keeps}")

    def _too_few_cpus(self, reason: Reason) -> str:
        queued, running = (format_mean(reason.shares[name]) for name in ("queued_mean", "on_cpu_mean"))
        return self._pick(
            f"{queued} threads stand ready without one and {running} run on average",
            f"{queued} threads ready without one",
        )

    def _without(self, reason: Reason, gil: str) -> str:
        mean = format_mean(reason.shares["released_mean"])
        where = f", most of it in {spot_named(reason.culprit)}" if reason.culprit else ""
        on_average = self._pick(" on average", "")
        return f"{mean} {'thread runs' if mean == '1.0' else 'threads run'} without {gil}{on_average}{where}"

    def _loop(self, reason: Reason) -> str:
        shares, spot = reason.shares, reason.culprit
        loop = f"The event loop in {threads_named(reason.threads)}"
        parts = []
        if reason.waits_for is not None:
            waits = format_share(shares["waiting"])
            parts.append(f"{waits} waiting for the GIL, mostly for {spot_named(reason.waits_for)}")
        if spot is not None and shares["callback"] >= CONTENDED:
            place = location(spot.name, spot.file, spot.line)
            how = f", {_IN_WORDS[reason.blocked_in[0]]}" if reason.blocked_in else ""
            share = format_share(shares["callback"])
            if spot.many_of is not None:
                parts.append(f"{share} in many functions of {printable(spot.many_of)}, most in {place}{how}")
            elif shares["callback"] >= DOMINANT * shares["standing"]:
                parts.append(f"{share} in the callback {place}{how}")
            else:
                parts.append(f"in callbacks of many functions, most in {place}, {share}{how}")
        of_its_time = self._pick(" of its time", "")
        return (
            f"{loop} stands still {format_share(shares['standing'])}{of_its_time}: {', '.join(parts) or 'in callbacks'}"
        )

    def _locked(self, reason: Reason) -> str:
        lock = reason.culprit
        if lock is None:
            return "threads are blocked on a lock"
        place = printable(f"{base_name(lock.file)}:{lock.line}" if lock.file else lock.name)
        share = format_share(reason.shares["blocked"])
        return f"{threads_named(lock.threads)} are blocked {share} of their time on a lock at {place}"

    def _busy_alone(self, reason: Reason) -> str:
        shares = reason.shares
        stuck = shares["held_blocked"]
        blocked = f" ({format_share(stuck)} while blocked)" if stuck >= CONTENDED else ""
        is_busy = self._pick(f"{self._the_gil} is busy", f"{self._the_gil.removeprefix('The ')} busy")
        busy = f"{is_busy} {format_share(shares['busy'])} of the time{blocked}"
        opening = f"{busy}, but it is waited for {self._waited()} of it: "
        if reason.kind is Kind.TURNS:
            return f"{opening}{shares['threads']:.0f} threads take turns without getting in each other's way"
        share = format_share(shares["first_thread"])
        return f"{opening}one thread is the limit, {printable(reason.threads[0], 40)} has it {share} of its time"

    def _blocked(self, reason: Reason) -> str:
        shares = reason.shares
        parts = " and ".join(f"{_IN_WORDS[name]} {format_share(shares[name])}" for name in reason.blocked_in)
        blocked, count = format_share(shares["blocked"]), f"{shares['threads']:.0f}"
        parts = f" ({parts})" if parts else ""
        if reason.threads:
            name, has = printable(reason.threads[0], 40), format_share(shares["first_thread"])
            return (
                f"{name} has the GIL {has} of its time and is blocked {blocked} of it{parts}; the GIL is waited for "
                f"{self._waited()} of the time"
            )
        who = "the one Python thread is blocked" if count == "1" else f"the {count} Python threads are blocked"
        whose = "its" if count == "1" else "their"
        return (
            f"{who} {blocked} of {whose} time{parts}; the GIL is held {format_share(shares['busy'])} and waited for "
            f"{self._waited()} of the time"
        )

    def _waited(self) -> str:
        return format_share(self._answer.contended)

    def _tail_fits(self, first: Reason) -> bool:
        """The share of the time with somebody waiting has not been named yet."""
        return first.kind in (Kind.CPUS, Kind.RELEASED, Kind.LOCK, Kind.LOOP)

    def _collects(self, first: Reason) -> bool:
        return first.keeps is Keeps.COLLECTING

    def _collecting(self) -> str:
        share = format_share(self._answer.collecting)
        if self._answer.kind is Kind.GIL:
            return self._pick(f"{share} of the waiting is for garbage collection", f"{share} for garbage collection")
        return self._pick(f"garbage collection has the GIL {share} of the time", f"garbage collection {share}")

    def _doubts(self) -> list[str]:
        """What gilprof itself has failed to see."""
        answer = self._answer
        words = {
            Doubt.TORN: f"for {format_share(answer.torn)} of the time it could not be told who has the GIL",
            Doubt.UNCLAIMED: f"{answer.unclaimed} Python threads were taken for native ones",
            Doubt.KERNEL_DISAGREES: (
                f"the states are {format_share(answer.disagreement)} of the threads' running time off the kernel's "
                "account of it"
            ),
        }
        return [words[doubt] for doubt in answer.doubts if doubt in words]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
