"""Who hears whom: the matrix, and what a bridge orders from its legs."""

import pytest

from callbot.ports import LegEnded, LegEvent
from callbot.telephony.bridge import Bridge, Party, SupervisorMode, who_hears_whom
from callbot.telephony.leg import SipLeg
from callbot.telephony.leg_state import Gone, Referred
from callbot.telephony.links import Links

pytestmark = pytest.mark.unit

CALLER, AGENT, SUPERVISOR = Party.CALLER, Party.AGENT, Party.SUPERVISOR
ALL = (CALLER, AGENT, SUPERVISOR)
TALK = {(CALLER, AGENT), (AGENT, CALLER)}
LISTENS = TALK | {(SUPERVISOR, CALLER), (SUPERVISOR, AGENT)}


@pytest.mark.parametrize(
    ("present", "mode", "pairs"),
    [
        ((CALLER,), "join", set()),
        ((CALLER, AGENT), "listen", TALK),
        ((CALLER, AGENT), "join", TALK),
        ((CALLER, SUPERVISOR), "listen", {(SUPERVISOR, CALLER)}),
        ((CALLER, SUPERVISOR), "join", {(SUPERVISOR, CALLER), (CALLER, SUPERVISOR)}),
        (ALL, "listen", LISTENS),
        (ALL, "whisper", LISTENS | {(AGENT, SUPERVISOR)}),
        (ALL, "join", LISTENS | {(AGENT, SUPERVISOR), (CALLER, SUPERVISOR)}),
    ],
)
def test_the_matrix(present: tuple[Party, ...], mode: SupervisorMode, pairs: set[tuple[Party, Party]]) -> None:
    assert who_hears_whom(present, mode) == pairs


class Wire:
    """A wire that only notes whom it hears and whether it was hung up."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.hears: set[int] = set()
        self.ended = False

    def hear(self, speaker: int) -> None:
        assert speaker not in self.hears, "connected twice"
        self.hears.add(speaker)

    def ignore(self, speaker: int) -> None:
        self.hears.remove(speaker)

    def hang_up(self, reason: str) -> None:
        self.ended = True


class Room:
    """Legs 1 (caller), 2 (agent) and 3 (supervisor)."""

    def __init__(self, mode: SupervisorMode = "listen") -> None:
        self.wires = {number: Wire(number) for number in (1, 2, 3)}
        self.legs = {number: SipLeg(wire, 8000) for number, wire in self.wires.items()}  # type: ignore[arg-type]
        self.bridge = Bridge(self.legs[1], self.legs[2])
        self.bridge.admit_supervisor(self.legs[3], mode)

    def hears(self) -> dict[int, set[int]]:
        return {number: wire.hears for number, wire in self.wires.items()}

    def leaves(self, number: int) -> None:
        self.legs[number].on_event(Gone(200))


def test_every_change_of_mode_orders_just_the_difference() -> None:
    room = Room()
    for mode, agent, caller in (("whisper", {1, 3}, {2}), ("join", {1, 3}, {2, 3}), ("listen", {1}, {2})):
        room.bridge.set_mode(mode)  # type: ignore[arg-type]
        assert room.hears() == {1: caller, 2: agent, 3: {1, 2}}


def test_taking_over_hangs_up_the_agent_and_the_bridge_stands() -> None:
    room = Room()
    room.bridge.take_over()
    assert room.wires[2].ended
    room.leaves(2)
    assert room.hears() == {1: {3}, 2: set(), 3: {1}}
    assert not room.bridge.over.is_set()
    room.leaves(3)
    assert room.bridge.over.is_set()


def test_a_supervisor_who_only_listens_is_let_go_with_the_agent() -> None:
    room = Room("whisper")
    room.leaves(2)
    assert room.bridge.over.is_set()
    assert room.wires[3].ended
    assert not room.wires[1].ended, "the caller is his session's"
    assert room.hears()[1] == set()


def test_a_second_supervisor_takes_the_place_of_the_first_and_none_enters_what_is_over() -> None:
    room = Room()
    second, third = Wire(4), Wire(5)
    room.bridge.admit_supervisor(SipLeg(second, 8000), "join")  # type: ignore[arg-type]
    assert room.wires[3].ended
    assert second.hears == {1, 2}
    room.bridge.close()
    room.bridge.admit_supervisor(SipLeg(third, 8000), "join")  # type: ignore[arg-type]
    assert third.ended
    assert not third.hears


def test_an_agent_who_is_gone_before_the_bridge_is_made_ends_it_at_once() -> None:
    caller, agent = SipLeg(Wire(1), 8000), SipLeg(Wire(2), 8000)  # type: ignore[arg-type]
    agent.on_event(Gone(200))
    assert Bridge(caller, agent).over.is_set()


def test_release_says_whether_somebody_was_there() -> None:
    room = Room()
    assert room.bridge.release(SUPERVISOR)
    assert room.wires[3].ended
    room.leaves(3)
    assert not room.bridge.release(SUPERVISOR)
    assert not room.bridge.supervised


def test_a_referral_is_told_until_the_leg_is_over() -> None:
    statuses: list[int] = []
    events: list[LegEvent] = []

    class Refusing(Wire):
        def refer(self, to: str | int, done: object) -> None:
            assert to == 2
            done(0)  # type: ignore[operator]

    leg = SipLeg(Refusing(1), 8000)  # type: ignore[arg-type]
    leg.listen(events.append)
    leg.on_event(Referred(180))
    leg.refer(SipLeg(Wire(2), 8000), statuses.append)  # type: ignore[arg-type]
    leg.on_event(Referred(200))
    leg.on_event(Gone(200))
    leg.on_event(Referred(200))
    assert statuses == [0, 200]
    assert events == [LegEnded("customer", 200)]


class Audio:
    """A stream or port of the bridge."""

    def __init__(self) -> None:
        self.to: set[Audio] = set()

    def startTransmit(self, other: "Audio") -> None:  # noqa: N802 - pjsua2's name
        self.to.add(other)

    def stopTransmit(self, other: "Audio") -> None:  # noqa: N802 - pjsua2's name
        self.to.discard(other)


def test_links_are_made_again_for_a_stream_that_was_made_anew_and_go_with_the_call() -> None:
    lines, mouths = {1: Audio(), 2: Audio()}, {1: Audio(), 2: Audio()}
    links = Links(lines.get, mouths.get)
    links.join(1, 2)
    assert lines[2].to == {lines[1], mouths[1]}
    lines[1] = Audio()
    links.renew(1)
    assert lines[1] in lines[2].to
    del lines[1]
    links.drop(1)
    assert mouths[1] not in lines[2].to
    lines[2].to.clear()
    links.renew(2)
    assert not lines[2].to
