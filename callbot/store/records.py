"""What goes into the store and comes out of it: frozen values, free of SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from callbot.language import Text
from callbot.messages import CallResult
from callbot.protocol import Revision
from callbot.values import Phone

MAX_ATTEMPTS = 3
"""Calls that one contact gets at most, call-backs it asked for included. Source: the usual profile of Chinese
platforms, at most three calls to a number in 24 hours (peers.md)."""


class CampaignState(StrEnum):
    """Whether contacts of a campaign may be claimed: only of a running one."""

    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class ContactState(StrEnum):
    """Where a contact stands. Only a waiting one is ever claimed; ``interrupted`` waits for the operator's decision."""

    WAITING = "waiting"
    CALLING = "calling"
    DONE = "done"
    INTERRUPTED = "interrupted"


class AttemptState(StrEnum):
    """Where an attempt stands. From ``dialling`` on a telephone may have rung; if ``released`` it surely never did."""

    CLAIMED = "claimed"
    DIALLING = "dialling"
    ENDED = "ended"
    RELEASED = "released"


class FollowUpKind(StrEnum):
    """Who is told of a call: its contact, or another system."""

    SMS = "sms"
    WEBHOOK = "webhook"


class FollowUpState(StrEnum):
    """Where a follow-up stands; ``failed`` is final until a person does something."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class NewContact:
    """One checked row of a list: ``key`` is its place in the list (unique there), inputs are canonical texts."""

    key: str
    phone: Phone
    inputs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign with the revision it runs from its first to its last call."""

    id: str
    title: str
    state: CampaignState
    revision: Revision
    created_at: datetime
    contacts: int


@dataclass(frozen=True, slots=True)
class Publication:
    """A script as it was published: ``number`` counts from 1 for each script, ``source`` is the file as written."""

    number: int
    revision: Revision
    author: str
    message: str
    published_at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign is: contacts by state, finished ones by outcome."""

    waiting: int
    calling: int
    done: int
    interrupted: int
    outcomes: Mapping[str, int]
    next_due: datetime | None

    @property
    def total(self) -> int:
        """All contacts of the campaign."""
        return self.waiting + self.calling + self.done + self.interrupted

    @property
    def finished(self) -> bool:
        """Nothing will happen any more by itself."""
        return not self.waiting and not self.calling


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A contact whose turn it is, or comes next."""

    campaign_id: str
    contact_id: str
    phone: Phone
    inputs: Mapping[str, str]
    revision: Revision

    @property
    def name(self) -> str:
        """The contact as people may see it."""
        return self.inputs.get("name") or str(self.phone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed(Due):
    """A contact that this dispatcher alone may call now. ``fence`` grows with every claim of the contact."""

    attempt_id: str
    fence: int
    number: int


@dataclass(frozen=True, slots=True)
class Dialling:
    """Where an attempt is about to be dialled."""

    call_id: str
    line: str
    incarnation: str
    trunk: str


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An attempt that may be ringing or talking."""

    attempt_id: str
    fence: int
    contact_id: str
    dialling: Dialling
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class CallContext:
    """What the store knows of a call that a result does not carry; no campaign and contact when it came in.

    ``phone`` is None when who called has no number.
    """

    campaign_id: str
    contact_id: str
    phone: Phone | None
    inputs: Mapping[str, str]
    revision: Revision


@dataclass(frozen=True, slots=True)
class NewFollowUp:
    """Something to be done after a call; with a ``problem`` it cannot be done at all, and is kept as failed.

    ``kind`` ``sms``: ``template`` names the message, ``text`` goes to ``phone``. ``webhook``: ``template`` is its name
    in the settings, ``text`` the JSON that is posted, ``phone`` may be None.
    """

    id: str
    kind: FollowUpKind
    template: str
    phone: Phone | None
    text: str
    problem: Text | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A follow-up as it stands; ``reference`` is the gateway's own name for the message."""

    id: str
    call_id: str
    kind: FollowUpKind
    template: str
    phone: Phone | None
    text: str
    state: FollowUpState
    tries: int
    problem: Text | None
    reference: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Sms:
    """A message in the outbox table."""

    id: str
    phone: Phone
    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TakenCall:
    """A call that came in, and what follows from it."""

    call: CallResult
    followups: tuple[FollowUp, ...]


@dataclass(frozen=True, slots=True)
class ContactResult:
    """What came of one contact: its last call (without trace), and the follow-ups of that call."""

    contact_id: str
    key: str
    phone: Phone
    inputs: Mapping[str, str]
    state: ContactState
    outcome: str
    attempts: int
    due_at: datetime
    call: CallResult | None
    followups: tuple[FollowUp, ...]

    @property
    def call_id(self) -> str | None:
        """The last call, for looking up all of it."""
        return None if self.call is None else self.call.call_id
