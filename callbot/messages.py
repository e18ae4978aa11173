"""The vocabulary of conversations: what the dialogue hears, what it wants done, what is kept of a call.

Two closed unions, every member frozen:

- ``Event``    something happened in a conversation; input of ``dialogue.engine.advance``
- ``Action``   the dialogue wants something done; output of ``advance``

A conversation is driven by events alone, so a SIP call, a keyboard, a WAV file and a stored trace all drive the same
engine. Times inside a call (``*_ms``) count from the moment the callee picked up, in audio that really passed by.
"""

from datetime import datetime
from typing import Literal

import msgspec

from callbot.values import Disposition


class Message(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """A value that is stored or sent as JSON or MessagePack, named by its type."""


# ---------------------------------------------------------------- events: the world → the dialogue


class Answered(Message, frozen=True):
    """The callee picked up; the conversation begins."""


class Heard(Message, frozen=True):
    """The customer said something and it was recognised.

    ``text`` is simplified Chinese, ``""`` when speech was certain but no word was recognised. ``intent`` is given
    only by tests that skip understanding. ``during_prompt``: the customer began before the robot had finished.
    ``emotion`` is what the voice says besides the words, named like an intent (``angry``), "" for nothing special.
    """

    text: str
    intent: str | None = None
    during_prompt: bool = False
    emotion: str = ""


class KeyPressed(Message, frozen=True):
    """One telephone key: 0-9, ``*``, ``#``."""

    key: str


class Silence(Message, frozen=True):
    """The wait of the last ``Listen`` ran out without speech or key."""


class PromptFinished(Message, frozen=True):
    """The ``Say`` with this number was played to its last sample."""

    say: int


class ActionFinished(Message, frozen=True):
    """A ``Do`` or ``Transfer`` came back: ``result`` is one of the step's results, ``failed`` among them."""

    action: str
    result: str
    values: dict[str, str] = {}


class HungUp(Message, frozen=True):
    """The customer hung up."""


class MachineHeard(Message, frozen=True):
    """An answering machine or an announcement speaks, no person: what follows is a message, or the end."""


class TimeUp(Message, frozen=True):
    """The conversation has to come to an end: the script's ``longest`` or the shutdown of the line."""

    reason: Literal["longest", "shutdown"]


Event = Answered | Heard | KeyPressed | Silence | PromptFinished | ActionFinished | HungUp | MachineHeard | TimeUp


# ---------------------------------------------------------------- actions: the dialogue → the world


class Say(Message, frozen=True):
    """Speak ``pieces`` one after the other as one sentence, after whatever is still being said.

    ``text`` is the sentence as a person reads it (for transcripts). ``number`` counts the sentences of a call from 1
    and comes back in ``PromptFinished``. With ``replace`` everything still being said is dropped first, unless it may
    not be interrupted: then this follows it.

    ``barge_in_by`` is what interrupts it: any speech, only what brings an action (``meaning``), nothing; not in its
    first ``guard_ms`` either. ``slow``: with longer pauses. ``audio`` is the sha256 of a recording that is played
    instead of the pieces, when it is at hand.
    """

    number: int
    step: str
    text: str
    pieces: tuple[str, ...]
    replace: bool = True
    barge_in_by: Literal["speech", "meaning", "nothing"] = "speech"
    guard_ms: int = 0
    slow: bool = False
    audio: str = ""


class Listen(Message, frozen=True):
    """After the last ``Say`` wait for the customer; ``Silence`` after ``silence_ms``.

    ``expects`` names what the step expects: intents, or ``value:datetime`` and the like.
    """

    step: str
    silence_ms: int
    expects: tuple[str, ...] = ()


class Do(Message, frozen=True):
    """Ask a system; answer with ``ActionFinished(action, result)``, ``failed`` after ``timeout_ms``."""

    action: str
    arguments: dict[str, str]
    timeout_ms: int


class Transfer(Message, frozen=True):
    """Hand the caller to a queue of people; answer with ``ActionFinished("transfer", "connected" or "failed")``.

    ``connected`` comes when caller and people have parted again: then the call is over.
    """

    queue: str


class Ticket(Message, frozen=True):
    """Work that a call leaves for the people of a queue, with its values put in as people write them."""

    queue: str
    text: str


class Webhook(Message, frozen=True):
    """What another system is to be told of a call: the name of a webhook in the settings, and canonical values."""

    name: str
    values: dict[str, str] = {}


class End(Message, frozen=True):
    """When everything has been said: hang up. At most one of the two retry fields is set."""

    outcome: str
    tags: tuple[str, ...] = ()
    sms: str | None = None
    retry_at: datetime | None = None
    retry_in_ms: int | None = None
    ticket: Ticket | None = None
    webhook: Webhook | None = None


Action = Say | Listen | Do | Transfer | End


# ---------------------------------------------------------------- what is kept of a call


class Spoken(Message, frozen=True):
    """One line of a transcript; both times from pick-up. An agent's is the time people talked, ``text`` the queue."""

    who: Literal["robot", "customer", "agent"]
    text: str
    start_ms: int
    end_ms: int
    step: str = ""


class TurnMarks(Message, frozen=True):
    """When things happened in one turn, all in ms from pick-up; reply latency is first_audio - speech_end."""

    speech_end_ms: int
    text_ms: int
    decided_ms: int
    first_audio_ms: int


class Understanding(Message, frozen=True):
    """What understanding made of a text and why; ``intent`` is None when nothing fitted."""

    intent: str | None
    score: float
    why: str
    slots: dict[str, str] = {}


class TraceStep(Message, frozen=True):
    """One event and all that followed from it; ``changed`` holds only variables that changed, as spoken text."""

    at_ms: int
    event: Event
    step_before: str
    step_after: str
    actions: tuple[Action, ...]
    understanding: Understanding | None = None
    changed: dict[str, str] = {}


class Trace(Message, frozen=True):
    """All that decided a call: the revision that ran, its inputs, and every event with its actions."""

    script: str
    revision: str
    inputs: dict[str, str]
    steps: tuple[TraceStep, ...]


class CallResult(Message, frozen=True, kw_only=True):
    """All that is known of an ended call. Times are aware UTC; ``recording`` is the path of a file.

    The recording begins with the first early media; a time from pick-up (transcript, turns, trace) is found in it
    ``recording_offset_ms`` further on. A call that nobody took has one when there was early media.
    A call that came ``in`` belongs to no attempt: ``attempt_id`` is empty, ``caller`` and ``number`` are the user parts
    of From and of the request URI.
    """

    call_id: str
    attempt_id: str
    fence: int
    direction: Literal["out", "in"] = "out"
    caller: str = ""
    number: str = ""
    line: str
    disposition: Disposition
    outcome: str
    sip_status: int = 0
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime
    hung_up_by: Literal["customer", "robot", "network", ""] = ""
    tags: tuple[str, ...] = ()
    sms: str | None = None
    retry_at: datetime | None = None
    ticket: Ticket | None = None
    webhook: Webhook | None = None
    slots: dict[str, str] = {}
    transcript: tuple[Spoken, ...] = ()
    turns: tuple[TurnMarks, ...] = ()
    recording: str = ""
    recording_offset_ms: int = 0
    trace: Trace | None = None
