"""``python -m gilprof``."""

from gilprof.cli import main

main()
