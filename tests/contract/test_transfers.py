"""What every ``ports.Transfers`` does: the line's switchboard and the people of the timeline alike."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import pytest

from callbot.errors import TelephonyError
from callbot.language import Text
from callbot.ports import DialRequest, NotConnected, Transfers
from callbot.telephony.leg import SipLeg
from callbot.telephony.leg_state import Gone, HangUpReason
from callbot.telephony.switchboard import QueueTarget, Switchboard
from callbot.values import Disposition
from tests.golden.timeline import People

pytestmark = pytest.mark.contract


class Wire:
    """A wire that carries nothing and ends when it is told."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.ended = False

    def hear(self, speaker: int) -> None:
        pass

    def ignore(self, speaker: int) -> None:
        pass

    def hang_up(self, reason: HangUpReason) -> None:
        self.ended = True


class Stage(Protocol):
    transfers: Transfers
    caller: SipLeg

    def part(self) -> None:
        """The people hang up."""
        ...

    @property
    def let_go(self) -> bool:
        """Whether nobody is held any more."""
        ...


class PaperSwitchboard:
    """The switchboard with people on paper: they answer with ``answer`` at once."""

    def __init__(self, answer: str) -> None:
        self._answer = answer
        self._agent = Wire(2)
        self._leg = SipLeg(self._agent, 8000)  # type: ignore[arg-type]
        self.caller = SipLeg(Wire(1), 8000)  # type: ignore[arg-type]
        self.transfers = Switchboard(self, {"people": QueueTarget("sip:1@127.0.0.1", "bridge", 1000)}).for_call(
            "c", "4"
        )

    async def dial(self, request: DialRequest, on_ringing: Callable[[], None]) -> SipLeg | NotConnected:
        if self._answer == "full":
            raise TelephonyError(Text("占满", "full"))
        return self._leg if self._answer == "here" else NotConnected(Disposition.BUSY, 486)

    def part(self) -> None:
        self._leg.on_event(Gone(200))

    @property
    def let_go(self) -> bool:
        return self._agent.ended


class Timeline:
    """The people of the golden tests."""

    def __init__(self, answer: str) -> None:
        self._people = People(0, 1000, refuse=answer != "here")
        self.transfers = self._people
        self.caller = SipLeg(Wire(1), 8000)  # type: ignore[arg-type]

    def part(self) -> None:
        self._people.tick(1000)

    @property
    def let_go(self) -> bool:
        return self._people.let_go


MakeStage = Callable[[str], Stage]


@pytest.fixture(params=[PaperSwitchboard, Timeline], ids=["switchboard", "timeline"])
def make(request: pytest.FixtureRequest) -> MakeStage:
    made: MakeStage = request.param
    return made


@pytest.mark.parametrize("answer", ["busy", "full"])
async def test_people_who_are_not_to_be_had_are_failed_and_never_connected(make: MakeStage, answer: str) -> None:
    stage = make(answer)
    told: list[str] = []
    assert await stage.transfers.hand_over(stage.caller, "people", lambda: told.append("connected")) == "failed"
    assert told == []


async def connected(stage: Stage) -> "asyncio.Task[str]":
    told = asyncio.Event()
    going = asyncio.ensure_future(stage.transfers.hand_over(stage.caller, "people", told.set))
    async with asyncio.timeout(1):
        await told.wait()
    return going


async def test_it_lasts_until_they_part(make: MakeStage) -> None:
    stage = make("here")
    going = await connected(stage)
    assert not going.done()
    stage.part()
    async with asyncio.timeout(1):
        assert await going == "connected"


async def test_cancelling_lets_the_people_go(make: MakeStage) -> None:
    stage = make("here")
    going = await connected(stage)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    assert stage.let_go
