"""Who answers a call that comes in, and with which flow. Pure but for ``picking_up``.

::

    legs   ████████████████▒▒▒▒░
           conversations   │   └ says that all are busy, when there is a flow for it
                           └ reserve: kept for transfers
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import phonenumbers

from callbot.call.attempt import Reach
from callbot.ports import CallLeg, NotConnected, Ticks
from callbot.protocol import AnswerCalls, Revision
from callbot.values import Disposition, Phone

_HOME = "CN"
_DIGITS = re.compile(r"\+?[0-9]{5,20}")
"""Shorter ones are extensions and service codes, which have no other spelling."""
_LONGEST_NAME = 64
"""Of a caller's name in From that is kept: numbers have 15 digits (E.164), the rest is somebody's invention."""

BUSY = 486
NOT_FOUND = 404
UNAVAILABLE = 503


class Incoming(Protocol):
    """A call that comes in. ``number`` was dialled by ``caller``; both as SIP has them, unchecked."""

    number: str
    caller: str

    def reject(self, status: int) -> None:
        """Refuse with a final status."""
        ...

    async def answer(self) -> CallLeg | NotConnected:
        """Pick up; cancelling hangs up."""
        ...


@dataclass(frozen=True, slots=True)
class Capacity:
    """Legs of a line, those kept from conversations (see ``Settings.kept_legs``), and calls it has now."""

    legs: int
    kept: int
    calls: int

    @property
    def free(self) -> bool:
        """Whether one more conversation fits."""
        return self.calls < self.legs - self.kept

    @property
    def free_for_busy(self) -> bool:
        """Whether there is a leg to say that all are busy; ``kept`` counts it."""
        return self.calls < self.legs - self.kept + 1


def answer_with(number: str, flows: AnswerCalls | None, capacity: Capacity) -> Revision | int:
    """The flow that answers a call to ``number``, or the SIP status that refuses it.

    ``flows`` is None while prompts are being made and when the line takes no more calls.
    """
    if flows is None:
        return UNAVAILABLE
    flow = _flow_of(number, flows.numbers) or flows.default
    if flow is None:
        return NOT_FOUND
    if capacity.free:
        return flow
    return flows.busy if flows.busy is not None and capacity.free_for_busy else BUSY


def _flow_of(number: str, numbers: Mapping[str, Revision]) -> Revision | None:
    """The flow of a number, however the trunk writes it: 021..., 8621..., +8621... and 008621... are one."""
    if number in numbers:
        return numbers[number]
    wanted = _international(number)
    return next((flow for each, flow in numbers.items() if _international(each) == wanted), None)


@lru_cache(maxsize=1024)
def _international(number: str) -> str:
    """The number in E.164 when it is one as written in China; anything else as it stands."""
    try:
        parsed = phonenumbers.parse(number if _DIGITS.fullmatch(number) else "", _HOME)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def shown_caller(caller: str) -> str:
    """A caller as people may see him: a number masked, anything else in short."""
    try:
        return Phone(caller).masked
    except ValueError:
        return caller[:_LONGEST_NAME] or "?"


def kept_caller(caller: str) -> str:
    """A caller, or the number he dialled, as the store keeps it: as long as its columns, whatever was sent."""
    return caller[:_LONGEST_NAME]


def picking_up(call: Incoming) -> Reach:
    """Get the leg of a call that came in. A caller who gave up before that is ``cancelled``."""

    async def pick_up(_ringing: Callable[[], None], _early: Callable[[Ticks], None]) -> CallLeg | NotConnected:
        leg = await call.answer()
        if isinstance(leg, NotConnected) and leg.disposition is Disposition.NO_ANSWER:
            return NotConnected(Disposition.CANCELLED, leg.sip_status)
        return leg

    return pick_up
