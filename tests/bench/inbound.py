"""``python -m tests.bench.inbound``: how many callers a second a hotline answers, and how soon they hear it.

    python -m tests.bench.inbound --rate 1 --seconds 20            # the packaged library: 4 legs a line
    python -m tests.bench.inbound --rate 10 --seconds 60 --callers 20    # a build of pjproject with hundreds of legs

Callers are processes of their own with real SIP and RTP; each call lasts until the robot has spoken for half a second.
``lost`` are calls that were refused or never answered. Never passes or fails on a time.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest

from callbot.simulate import measure
from callbot.simulate.crowd import crowd
from tests.e2e.system import AUDIO, system, until
from tests.e2e.test_hotline import ready

pytestmark = pytest.mark.bench

_FLOW = '[hotline]\ndefault = "hotline"\n'
_SETTLE_S = 20


def _plan(caller: int, callers: int, rate: float, seconds: int) -> str:
    """The calls of one process of callers: every ``callers``-th of all, so that the whole arrives evenly."""
    rows = [
        f'  - {{caller: "139{caller:03}{number:05}", number: "1", begin: {round(number / rate * 1000)}ms,'
        " turns: [{hang_up: true, interrupt: 500ms}]}"
        for number in range(caller, round(rate * seconds), callers)
    ]
    return "calls:\n" + "\n".join(rows) + "\n"


async def _run(arguments: argparse.Namespace, folder: Path) -> dict[str, object]:
    wanted = round(arguments.rate * arguments.seconds)
    async with system(folder / "system", lines=arguments.lines, more=_FLOW) as running, AsyncExitStack() as people:
        await until(lambda: ready(running), "the hotline's prompts are made", within_s=600)
        await asyncio.sleep(2)  # lines hear of it with their next beat
        for caller in range(arguments.callers):
            file = folder / f"callers-{caller}.yaml"
            await asyncio.to_thread(
                file.write_text, _plan(caller, arguments.callers, arguments.rate, arguments.seconds), "utf-8"
            )
            port = running.settings.telephony.sip_port + caller % arguments.lines
            await people.enter_async_context(crowd(file, AUDIO, folder / "out", 1, call=f"127.0.0.1:{port}"))
        await until(
            lambda: len(list((folder / "out").glob("139*.json"))) >= wanted,
            "all calls are over",
            within_s=arguments.seconds + _SETTLE_S,
        )
        stored = len(running.store.incoming.latest(wanted + 1))
    return {"rate": arguments.rate, "calls": wanted, "stored": stored, **_measured(folder / "out")}


def _measured(out: Path) -> dict[str, object]:
    reports = [json.loads(path.read_text("utf-8")) for path in out.glob("139*.json")]
    heard = [measure.measure_file(path).first_audio_ms for path in out.glob("139*.wav")]
    first = [ms for ms in heard if ms is not None]
    p50, p95, most = (round(float(np.percentile(first, share))) for share in (50, 95, 100)) if first else (0, 0, 0)
    return {
        "lost": sum("sip_status" in report for report in reports),
        "first_audio_ms": {"p50": p50, "p95": p95, "max": most},
    }


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.inbound")
    parser.add_argument("--rate", type=float, default=1.0, help="calls a second")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--lines", type=int, default=1)
    parser.add_argument("--callers", type=int, default=2, help="processes of callers, of 4 legs each")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "system").mkdir()
        sys.stdout.write(json.dumps(asyncio.run(_run(parser.parse_args(), Path(folder)))) + "\n")


if __name__ == "__main__":
    main()
