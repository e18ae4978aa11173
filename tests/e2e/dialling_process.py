"""Dials one address again and again: ``python -m tests.e2e.dialling_process PORT CALLS`` prints the outcomes."""

import asyncio
import json
import sys
from collections import Counter

from callbot.errors import TelephonyError
from callbot.ports import DialRequest, LegEnded, NotConnected
from callbot.simulate.crowd import free_ports
from callbot.telephony.pjsua2_leg import EndpointConfig, Pjsua2Endpoint


async def main(port: int, calls: int) -> None:
    """Three calls at a time; an answered one is hung up at once."""
    endpoint = await Pjsua2Endpoint.start(EndpointConfig("127.0.0.1", 0, free_ports(200)))
    outcomes: Counter[str] = Counter()
    left = iter(range(calls))

    async def dial() -> None:
        for number in left:
            request = DialRequest("call", f"sip:{number}@127.0.0.1:{port}", "4008", 1000)
            try:
                leg = await endpoint.dial(request, lambda: None, lambda _: None)
            except TelephonyError:  # calls that were answered with nonsense take a while to be given up
                outcomes["full"] += 1
                continue
            if isinstance(leg, NotConnected):
                outcomes[str(leg.disposition)] += 1
                continue
            outcomes["answered"] += 1
            over = asyncio.Event()
            leg.listen(lambda event, over=over: over.set() if isinstance(event, LegEnded) else None)
            leg.hang_up()
            await over.wait()

    await asyncio.gather(*(dial() for _ in range(3)))
    async with asyncio.timeout(10):
        while endpoint.busy_legs:  # noqa: ASYNC110 - calls given up end a moment later
            await asyncio.sleep(0.05)
    print(json.dumps(outcomes), flush=True)
    await endpoint.close()


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
