"""A caller, an agent and a supervisor in one conversation: who hears whom, and legs that come and go.

::

    supervisor's mode    caller hears       agent hears            supervisor hears
    (none there)         agent              caller                 -
    listen               agent              caller                 caller, agent
    whisper              agent              caller, supervisor     caller, agent
    join                 agent, supervisor  caller, supervisor     caller, agent
    (has taken over)     the one who was the supervisor is the agent now

The decisions are pure; ``Bridge`` carries them out on legs of one endpoint. Loop thread only. What the caller says
stays the left channel of his recording, and what all others say to him comes into the right one.
"""

import asyncio
from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

from callbot.ports import CallLeg, LegEnded, LegEvent
from callbot.telephony.leg import SipLeg

SupervisorMode = Literal["listen", "whisper", "join"]


class Party(StrEnum):
    """The places in a bridge; nobody sits in two."""

    CALLER = "caller"
    AGENT = "agent"
    SUPERVISOR = "supervisor"


Hearing = tuple[Party, Party]
"""Listener and speaker."""

_TALK: frozenset[Hearing] = frozenset({(Party.CALLER, Party.AGENT), (Party.AGENT, Party.CALLER)})
_SUPERVISED: dict[SupervisorMode, frozenset[Hearing]] = {
    "listen": frozenset({(Party.SUPERVISOR, Party.CALLER), (Party.SUPERVISOR, Party.AGENT)}),
}
_SUPERVISED["whisper"] = _SUPERVISED["listen"] | {(Party.AGENT, Party.SUPERVISOR)}
_SUPERVISED["join"] = _SUPERVISED["whisper"] | {(Party.CALLER, Party.SUPERVISOR)}


def who_hears_whom(present: Iterable[Party], mode: SupervisorMode) -> frozenset[Hearing]:
    """All pairs of listener and speaker among those who are there; ``mode`` counts only with a supervisor."""
    there = frozenset(present)
    return frozenset(pair for pair in _TALK | _SUPERVISED[mode] if there.issuperset(pair))


class Bridge:
    """One caller with people. The caller's events are his session's; the bridge listens to all other legs.

    It is ``over`` when nobody is left whom the caller could hear. ``close`` hangs up everybody but the caller.
    """

    def __init__(self, caller: SipLeg, agent: SipLeg) -> None:
        self.over = asyncio.Event()
        self.mode: SupervisorMode = "listen"
        self._legs: dict[Party, SipLeg] = {Party.CALLER: caller}
        self._links: set[tuple[SipLeg, SipLeg]] = set()
        self._seat(Party.AGENT, agent)

    @property
    def supervised(self) -> bool:
        """Whether a supervisor is there."""
        return Party.SUPERVISOR in self._legs

    def admit_supervisor(self, leg: SipLeg, mode: SupervisorMode) -> None:
        """Let a supervisor in; one who is there already is hung up. A bridge that is over hangs up the new one."""
        if self.over.is_set():
            leg.hang_up()
            return
        self._unseat(Party.SUPERVISOR)
        self.mode = mode
        self._seat(Party.SUPERVISOR, leg)

    def set_mode(self, mode: SupervisorMode) -> None:
        """Whom the supervisor may talk to from now on."""
        self.mode = mode
        self._relink()

    def take_over(self) -> None:
        """Put the supervisor into the agent's place and hang up the agent; nothing without a supervisor."""
        supervisor = self._legs.pop(Party.SUPERVISOR, None)
        if supervisor is None:
            return
        agent = self._legs.get(Party.AGENT)
        self._legs[Party.AGENT] = supervisor
        self._relink()
        if agent is not None:
            agent.hang_up()

    def release(self, party: Party) -> bool:
        """Hang up one leg by command; False when nobody is there."""
        leg = self._legs.get(party)
        if leg is not None:
            leg.hang_up()
        return leg is not None

    def close(self) -> None:
        """End what is left of it: everybody but the caller is hung up."""
        self.over.set()
        for party in (Party.AGENT, Party.SUPERVISOR):
            self._unseat(party)

    def _seat(self, party: Party, leg: SipLeg) -> None:
        self._legs[party] = leg
        self._relink()
        leg.listen(lambda event: self._on_event(leg, event))

    def _unseat(self, party: Party) -> None:
        leg = self._legs.pop(party, None)
        if leg is not None:
            self._relink()
            leg.hang_up()

    def _on_event(self, leg: CallLeg, event: LegEvent) -> None:
        if not isinstance(event, LegEnded):
            return
        for party in (Party.AGENT, Party.SUPERVISOR):
            if self._legs.get(party) is leg:
                self._left(party)

    def _left(self, party: Party) -> None:
        del self._legs[party]
        if party is Party.AGENT and self.mode == "join":
            self.take_over()  # the caller is talking with the supervisor as well: they go on
        self._relink()
        if Party.AGENT not in self._legs:
            self.close()

    def _relink(self) -> None:
        pairs = who_hears_whom(self._legs, self.mode)
        wanted = {(self._legs[listener], self._legs[speaker]) for listener, speaker in pairs}
        for listener, speaker in self._links - wanted:
            listener.ignore(speaker)
        for listener, speaker in wanted - self._links:
            listener.hear(speaker)
        self._links = wanted
