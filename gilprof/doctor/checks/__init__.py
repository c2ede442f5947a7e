"""The checks, in the order in which they are made."""

from gilprof.doctor.checks.children import children
from gilprof.doctor.checks.interpreter import interpreter
from gilprof.doctor.checks.kernel import kernel
from gilprof.doctor.checks.permission import permission
from gilprof.doctor.checks.process import process
from gilprof.doctor.checks.rules import rules
from gilprof.doctor.checks.trial import trial
from gilprof.doctor.checks.user import user
from gilprof.doctor.checks.view import view
from gilprof.doctor.finding import Check, MachineCheck

OF_THE_MACHINE: tuple[MachineCheck, ...] = (kernel, user, rules)
OF_A_PROCESS: tuple[Check, ...] = (process, children, permission, interpreter, view, trial)
OF_A_SPECIMEN: tuple[Check, ...] = (permission, interpreter, view, trial)
"""Where no process is named: on a Python of gilprof's own."""
