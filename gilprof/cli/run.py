"""``gilprof run``: start a program, and watch it from its first moments on."""

from __future__ import annotations

import click

from gilprof.cli.options import ProfileOptions, profile_options
from gilprof.cli.profiling.results import Results
from gilprof.cli.running.program import ProgramCommand, program_of
from gilprof.errors import UsageError


@click.command(cls=ProgramCommand, context_settings={"allow_interspersed_args": False})
@click.option("-m", "as_module", is_flag=True, help="The program is a module: run -m MODULE [ARGS]...")
@click.option("-c", "as_code", is_flag=True, help="The program is given as code: run -c CODE [ARGS]...")
@click.option("--python", metavar="EXE", help="The interpreter; else gilprof's own.")
@profile_options("A recording, or an export by its ending; else gilprof-NAME.PID.gilprof.", live_by_default="not live")
@click.argument("program", nargs=-1, type=click.UNPROCESSED, metavar="SCRIPT [ARGS]...")
@click.pass_context
def run(
    ctx: click.Context,
    program: tuple[str, ...],
    is_command: bool,
    as_module: bool,
    as_code: bool,
    python: str | None,
    options: ProfileOptions,
) -> None:
    """Run a program, and report on its GIL when it ends.

    SCRIPT is a Python file; -m MODULE, -c CODE, or any command behind --: run -- COMMAND [ARGS]...

    The program has the terminal, and gilprof ends with its status; the report goes to standard error.
    """
    from gilprof.cli.profiling.live import is_live
    from gilprof.cli.running.attendance import Attendance, held_signals
    from gilprof.cli.running.program_terminal import program_terminal
    from gilprof.target.launch import launch
    from gilprof.target.startup import prepare

    if as_module and as_code:
        raise UsageError("running a program", "-m and -c are both given", "give one of them")
    asked = program_of(program, "-m" if as_module else "-c" if as_code else None, is_command, python)
    results = Results(options)
    live = is_live(options, by_default=False)
    with held_signals() as blocked, program_terminal(live) as terminal:
        # All that sampling needs is loaded before the program starts. numpy starts threads: under held signals.
        from gilprof.cli.running.watch import Watch

        prepare(asked.command[0])
        launched = launch(asked.command, blocked, None if terminal is None else terminal.path)
        if terminal is not None:
            terminal.started()
        attendance = Attendance(launched, own_session=live, keep=options.keep is not None)
        recording = None if results.exports else results.recording or asked.recording(launched.pid)
        watch = Watch(launched, attendance, options, recording, results.in_order, terminal)
        try:
            watch.run(ctx)
        finally:
            attendance.wait_for_the_end()
        status = launched.reap()
        if terminal is not None:
            terminal.finish()
        watch.tell(results)
    ctx.exit(status)
