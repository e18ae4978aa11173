"""``python -m callbot.simulate``: simulated customers as a process with a SIP endpoint of its own.

Prints ``{"ready": true, "port": P, "legs": N}`` on one line when it listens. SIGTERM or Ctrl-C hangs up, writes
the recordings and ends.
"""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from callbot import log
from callbot.audio import wav
from callbot.errors import CallbotError
from callbot.simulate import customers
from callbot.simulate.simulation import Simulation
from callbot.telephony.pjsua2_leg import EndpointConfig, Pjsua2Endpoint


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m callbot.simulate", description="Simulated customers over SIP.")
    parser.add_argument("--bind", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True, help="UDP port for SIP, 0 for a free one")
    parser.add_argument("--rtp-port", type=int, required=True, help="first UDP port for RTP")
    parser.add_argument("--customers", type=Path, required=True)
    parser.add_argument("--audio", type=Path, required=True, help="folder of the recordings they speak with")
    parser.add_argument("--call", default="", metavar="HOST:PORT", help="where they call, for files with `calls`")
    parser.add_argument("--jitter-ms", type=int, default=0, help="fixed jitter buffer, 0 for one that adapts")
    parser.add_argument("--out", type=Path, required=True, help="folder for what they hear")
    return parser.parse_args()


async def _run(arguments: argparse.Namespace) -> None:
    people = customers.load(arguments.customers, arguments.audio)
    turns = [one.turns for one in people.customers.values()] + [call.turns for call in people.calls]
    files = {turn.say for each in turns for turn in each if turn.say}
    recordings = {name: wav.read(arguments.audio / name) for name in files}
    arguments.out.mkdir(parents=True, exist_ok=True)
    simulation = Simulation(people.customers, recordings, arguments.out)
    config = EndpointConfig(arguments.bind, arguments.port, arguments.rtp_port, jitter_ms=arguments.jitter_ms)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    endpoint = await Pjsua2Endpoint.start(config, simulation.on_incoming)
    sys.stdout.write(json.dumps({"ready": True, "port": endpoint.sip_port, "legs": endpoint.legs}) + "\n")
    sys.stdout.flush()
    for call in people.calls if arguments.call else ():
        simulation.call(endpoint, arguments.call, call)
    await stop.wait()
    simulation.stop_answering()
    await endpoint.close()
    await simulation.finish()


def main() -> int:
    """Run until told to stop; 1 and a sentence on standard error when it cannot start."""
    log.configure("simulate")
    try:
        asyncio.run(_run(_arguments()))
    except CallbotError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
