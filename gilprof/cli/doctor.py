"""``gilprof doctor``: can this machine, this process, be profiled."""

from __future__ import annotations

import click

from gilprof.cli.options import JsonCommand
from gilprof.cli.output import print_out


@click.command(cls=JsonCommand)
@click.argument("pid", type=click.IntRange(min=1), required=False)
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output instead of the text; also --json -.")
def doctor(pid: int | None, as_json: bool) -> None:
    """Tell whether this machine, or the process PID, can be profiled.

    How well, at what cost, and if not, the one thing to change. Nothing is changed.
    """
    from gilprof.doctor.diagnosis import diagnose
    from gilprof.doctor.json import diagnosis_json
    from gilprof.doctor.text import diagnosis_text

    diagnosis = diagnose(pid)
    print_out(diagnosis_json(diagnosis) if as_json else diagnosis_text(diagnosis))
    if diagnosis.error is not None:
        raise diagnosis.error
