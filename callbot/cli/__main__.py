"""``python -m callbot.cli``: the command line without the installed script."""

from callbot.cli import main

main()
