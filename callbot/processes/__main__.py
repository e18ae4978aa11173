"""``python -m callbot.processes ROLE``: one process of callbot, as the supervisor starts it."""

import asyncio
import ctypes
import signal
import sys

from callbot import settings
from callbot.errors import CallbotError
from callbot.processes.supervisor import GIVE_UP

_PR_SET_PDEATHSIG = 1  # prctl(2)


def main(arguments: list[str]) -> int:
    """Run the role until it ends; a sentence on standard error and status 78 when it can never work."""
    if sys.platform == "linux":
        # A supervisor that is killed leaves no orphans behind: they end as politely as on SIGTERM.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    try:
        loaded = settings.load()
        match arguments:
            case ["control"]:
                from callbot.processes import control

                asyncio.run(control.main(loaded))
            case ["speech"]:
                from callbot.processes import speech

                asyncio.run(speech.main(loaded))
            case ["line", number]:
                from callbot.processes import line

                asyncio.run(line.main(f"line-{int(number) + 1}", int(number), loaded))
            case _:
                sys.stderr.write("python -m callbot.processes control | speech | line NUMBER\n")
                return 2
    except CallbotError as error:
        sys.stderr.write(f"{error}\n")
        return GIVE_UP
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
