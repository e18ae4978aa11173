"""Answers of systems: in time or ``failed``, and never for another question than the one they belong to."""

import asyncio
from collections.abc import Awaitable, Mapping

import pytest

from callbot.call.asking import Asking
from callbot.messages import ActionFinished, Do

pytestmark = pytest.mark.unit


class Slow:
    """Answers with the question's own words, each when it is let go."""

    def __init__(self) -> None:
        self.gates: list[asyncio.Event] = []

    async def ask(self, action: str, arguments: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        gate = asyncio.Event()
        self.gates.append(gate)
        await gate.wait()
        return "changed", dict(arguments)


async def passing() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_late_answer_does_not_pass_for_that_of_the_next_question() -> None:
    shop, posted, tasks = Slow(), list[ActionFinished](), set[asyncio.Future[None]]()

    def spawn(work: Awaitable[None]) -> None:
        tasks.add(asyncio.ensure_future(work))

    asking = Asking(shop, spawn, posted.append)
    asking.ask(Do("change_address", {"address": "一"}, 3000), now_ms=0)
    await passing()
    asking.pass_time(3000)
    assert posted == [ActionFinished("change_address", "failed")]
    asking.answered(posted.pop())
    assert asking.take() == ActionFinished("change_address", "failed")

    asking.ask(Do("change_address", {"address": "二"}, 3000), now_ms=4000)
    await passing()
    shop.gates[0].set()
    await passing()
    assert posted == [], "the answer to the first question is nobody's any more"
    shop.gates[1].set()
    await passing()
    assert posted == [ActionFinished("change_address", "changed", {"address": "二"})]
    await asyncio.gather(*tasks)
