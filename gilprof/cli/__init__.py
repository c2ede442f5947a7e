"""The command line: one file a verb, each loaded when it is used."""

from __future__ import annotations

from importlib import import_module

import click

from gilprof import __version__
from gilprof.errors import GilprofError

VERBS = ("attach", "run", "report", "export", "dump", "doctor")
"""Each is a command of the same name in the module of that name."""


class Verbs(click.Group):
    """Finds commands by their module, and tells failures in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which people meet them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, loaded now; None for a verb that there is not."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = getattr(import_module(f"gilprof.cli.{cmd_name}"), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a GilprofError becomes one line on standard error and its status."""
        try:
            return super().invoke(ctx)
        except GilprofError as error:
            from gilprof.cli.output import complain

            complain(str(error))
            ctx.exit(error.status)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gilprof")
def cli() -> None:
    """Which functions of a running Python program hold the GIL, which wait for it, for whom and why."""


def main() -> None:
    """The console script."""
    cli.main(prog_name="gilprof")
