"""Many calls at once through one endpoint, where PJSIP was built for them: everybody hears his own sentence."""

import asyncio
from pathlib import Path

import pytest
from test_telephony_calls import channels, share_heard, speech, world

from callbot.ports import LegEnded, LegPlayed

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

CALLS = 60


async def test_sixty_at_once(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        if here.robot.legs < CALLS:
            pytest.skip(f"this build of PJSIP carries {here.robot.legs} legs: {here.robot.media}")
        begun = asyncio.get_running_loop().time()
        calls = [await here.call("200") for _ in range(CALLS)]
        assert here.robot.busy_legs == CALLS
        for number, call in enumerate(calls):
            call.leg.play(speech(1200, 100 + number), number)
        for number, call in enumerate(calls):
            assert await call.next() == LegPlayed(number)
        for call in calls:
            call.leg.hang_up()
            assert await call.next() == LegEnded("robot", 200)
        assert here.robot.busy_legs == 0
        assert asyncio.get_running_loop().time() - begun < 60
        for number in range(CALLS):
            await here.report(f"200-{number + 1:02d}")
    # Customers count their calls when they end, and all end in the order in which they began.
    heard = [channels(here.out / f"200-{number + 1:02d}.wav")[1] for number in range(CALLS)]
    whole = [
        max(share_heard(speech(1200, 100 + number), one) for one in heard[max(0, number - 5) : number + 6])
        for number in range(CALLS)
    ]
    assert min(whole) >= 0.5
    assert sum(whole) / CALLS >= 0.85
