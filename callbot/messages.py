"""The vocabulary of callbot: what the dialogue hears, what it wants done, what processes tell each other.

Three closed unions, every member frozen:

- ``Event``    something happened in a conversation; input of ``dialogue.engine.advance``
- ``Action``   the dialogue wants something done; output of ``advance``
- ``ToLine`` / ``ToControl`` / ``ToSpeech`` / ``FromSpeech``   between processes, over ``wire``

A conversation is driven by events alone, so a SIP call, a keyboard, a WAV file and a stored trace all drive the same
engine. Times inside a call (``*_ms``) count from the moment the callee picked up, in audio that really passed by.
"""

from datetime import datetime
from typing import Literal

import msgspec

from callbot.values import Disposition


class _Message(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    pass


# ---------------------------------------------------------------- events: the world → the dialogue


class Answered(_Message, frozen=True):
    """The callee picked up; the conversation begins."""


class Heard(_Message, frozen=True):
    """The customer said something and it was recognised.

    ``text`` is simplified Chinese, ``""`` when speech was certain but no word was recognised. ``intent`` is given
    only by tests that skip understanding. ``during_prompt``: the customer began before the robot had finished.
    """

    text: str
    intent: str | None = None
    during_prompt: bool = False


class KeyPressed(_Message, frozen=True):
    """One telephone key: 0-9, ``*``, ``#``."""

    key: str


class Silence(_Message, frozen=True):
    """The wait of the last ``Listen`` ran out without speech or key."""


class PromptFinished(_Message, frozen=True):
    """The ``Say`` with this number was played to its last sample."""

    say: int


class ActionFinished(_Message, frozen=True):
    """A ``Do`` or ``Transfer`` came back: ``result`` is one of the step's results, ``failed`` among them."""

    action: str
    result: str
    values: dict[str, str] = {}


class HungUp(_Message, frozen=True):
    """The customer hung up."""


class TimeUp(_Message, frozen=True):
    """The conversation has to come to an end: the script's ``longest`` or the shutdown of the line."""

    reason: Literal["longest", "shutdown"]


Event = Answered | Heard | KeyPressed | Silence | PromptFinished | ActionFinished | HungUp | TimeUp


# ---------------------------------------------------------------- actions: the dialogue → the world


class Say(_Message, frozen=True):
    """Speak ``pieces`` one after the other as one sentence, after whatever is still being said.

    ``text`` is the sentence as a person reads it (for transcripts). ``number`` counts the sentences of a call from 1
    and comes back in ``PromptFinished``. With ``replace`` everything still being said is dropped first.
    """

    number: int
    step: str
    text: str
    pieces: tuple[str, ...]
    barge_in: bool = True
    replace: bool = True


class Listen(_Message, frozen=True):
    """After the last ``Say`` wait for the customer; ``Silence`` after ``silence_ms``.

    ``expects`` names what the step expects: intents, or ``value:datetime`` and the like.
    """

    step: str
    silence_ms: int
    expects: tuple[str, ...] = ()


class Do(_Message, frozen=True):
    """Ask a system; answer with ``ActionFinished(action, result)``, ``failed`` after ``timeout_ms``."""

    action: str
    arguments: dict[str, str]
    timeout_ms: int


class Transfer(_Message, frozen=True):
    """Hand the caller to a queue of people; answer with ``ActionFinished("transfer", "connected" or "failed")``.

    ``connected`` comes when caller and people have parted again: then the call is over.
    """

    queue: str


class End(_Message, frozen=True):
    """When everything has been said: hang up. At most one of the two retry fields is set."""

    outcome: str
    tags: tuple[str, ...] = ()
    sms: str | None = None
    retry_at: datetime | None = None
    retry_in_ms: int | None = None


Action = Say | Listen | Do | Transfer | End


# ---------------------------------------------------------------- what is kept of a call


class Spoken(_Message, frozen=True):
    """One line of a transcript; both times from pick-up. An agent's is the time people talked, ``text`` the queue."""

    who: Literal["robot", "customer", "agent"]
    text: str
    start_ms: int
    end_ms: int
    step: str = ""


class TurnMarks(_Message, frozen=True):
    """When things happened in one turn, all in ms from pick-up; reply latency is first_audio - speech_end."""

    speech_end_ms: int
    text_ms: int
    decided_ms: int
    first_audio_ms: int


class Understanding(_Message, frozen=True):
    """What understanding made of a text and why; ``intent`` is None when nothing fitted."""

    intent: str | None
    score: float
    why: str
    slots: dict[str, str] = {}


class TraceStep(_Message, frozen=True):
    """One event and all that followed from it; ``changed`` holds only variables that changed, as spoken text."""

    at_ms: int
    event: Event
    step_before: str
    step_after: str
    actions: tuple[Action, ...]
    understanding: Understanding | None = None
    changed: dict[str, str] = {}


class Trace(_Message, frozen=True):
    """All that decided a call: the revision that ran, its inputs, and every event with its actions."""

    script: str
    revision: str
    inputs: dict[str, str]
    steps: tuple[TraceStep, ...]


class CallResult(_Message, frozen=True, kw_only=True):
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
    slots: dict[str, str] = {}
    transcript: tuple[Spoken, ...] = ()
    turns: tuple[TurnMarks, ...] = ()
    recording: str = ""
    recording_offset_ms: int = 0
    trace: Trace | None = None


# ---------------------------------------------------------------- control → line


class Revision(_Message, frozen=True):
    """A script as it was published: everything needed to run it, in one text, named by its hash."""

    script: str
    hash: str
    text: str


class Route(_Message, frozen=True):
    """One way to a number: over which trunk, to which URI, as which caller."""

    trunk: str
    uri: str
    caller: str


class PlaceCall(_Message, frozen=True, kw_only=True):
    """Dial ``uri`` now and hold the conversation. ``inputs`` are the raw texts of the contact's row, by input name.

    ``spares`` are tried in turn when a trunk does not take the call and the telephone has surely not rung.

    ``incarnation`` is the line process that was meant: another one, which took over the name, answers ``CallRefused``,
    because control takes the call as one that never left.
    """

    call_id: str
    attempt_id: str
    fence: int
    incarnation: str = ""
    uri: str
    caller: str
    contact: str
    revision: Revision
    inputs: dict[str, str]
    ring_limit_ms: int
    trunk: str = ""
    spares: tuple[Route, ...] = ()


class AnswerCalls(_Message, frozen=True):
    """From now on answer calls to these numbers, all others by ``default``; ``busy`` answers when all legs are taken.

    Every prompt of these flows is ready. A line that has not got this yet refuses all calls.
    """

    numbers: dict[str, Revision]
    default: Revision | None = None
    busy: Revision | None = None


class HangUp(_Message, frozen=True):
    """End one call at once; its outcome is ``cancelled`` while ringing, else what the script says of a hang-up."""

    call_id: str


class Drain(_Message, frozen=True):
    """Take no new calls, end the running ones politely within ``within_ms``, then leave."""

    within_ms: int


class ResultStored(_Message, frozen=True):
    """The store has this call's result; the line may forget its journal."""

    call_id: str


class Supervise(_Message, frozen=True):
    """Bring a supervisor into a call that an agent has, or change what he may do; answered by ``CommandDone``.

    ``to`` is the SIP address of his telephone, "" when he is in the call already. ``asked_by``: the peer that gets the
    answer, set by control.
    """

    call_id: str
    mode: Literal["listen", "whisper", "join", "takeover"]
    to: str = ""
    asked_by: str = ""


class Release(_Message, frozen=True):
    """Hang up one leg of a call that an agent has; answered by ``CommandDone``."""

    call_id: str
    party: Literal["caller", "agent", "supervisor"]
    asked_by: str = ""


class CommandDone(_Message, frozen=True):
    """What became of a command: nothing wrong when both are "", else a sentence in each language."""

    asked_by: str
    zh: str = ""
    en: str = ""


class ActionAnswer(_Message, frozen=True):
    """The answer of a system to ``ActionAsked``."""

    call_id: str
    finished: ActionFinished


ToLine = PlaceCall | AnswerCalls | HangUp | Drain | ResultStored | ActionAnswer | Supervise | Release


# ---------------------------------------------------------------- what a line carries out


class TakeCall(_Message, frozen=True, kw_only=True):
    """Pick up a call that came in; made by the line itself, kept in its journal. ``contact`` is the masked caller."""

    call_id: str
    number: str
    caller: str
    contact: str
    revision: Revision
    inputs: dict[str, str] = {}


CallOrder = PlaceCall | TakeCall


# ---------------------------------------------------------------- line → control


class LineReady(_Message, frozen=True, kw_only=True):
    """First word of a line: how many legs it carries, and which calls its journal still holds from before.

    ``reserve`` of its legs take no calls of campaigns.
    """

    line: str
    incarnation: str
    legs: int
    media: str
    reserve: int = 0
    journaled: tuple[str, ...] = ()


class LineBeat(_Message, frozen=True):
    """Sent every second; also tells control that came back which calls are alive and how many ``legs`` the line has.

    ``trunks_down``: registration refused or no answer to OPTIONS, as this line sees it.
    """

    line: str
    incarnation: str
    calls: tuple[str, ...]
    draining: bool = False
    legs: int = 0
    reserve: int = 0
    trunks_down: tuple[str, ...] = ()


class TrunkChanged(_Message, frozen=True):
    """The trunk of a call did not take it; it goes over this one now."""

    call_id: str
    trunk: str


class CallRefused(_Message, frozen=True):
    """A ``PlaceCall`` that surely never left: the line is draining or has no leg free. The contact goes back."""

    call_id: str
    attempt_id: str
    fence: int


class CallProgress(_Message, frozen=True):
    """What people watch live; losing one harms nobody. ``contact`` is how people call the contact.

    ``text``: what was said, or the outcome when ``ended``. ``note``: the robot's step, or the intent that the
    customer's words were understood as.
    """

    call_id: str
    line: str
    contact: str
    kind: Literal["dialling", "ringing", "answered", "robot", "customer", "agent", "ended"]
    text: str = ""
    note: str = ""


class Notice(_Message, frozen=True):
    """Something a person who watches should put right, in both languages."""

    zh: str
    en: str


Live = CallProgress | Notice


class ActionAsked(_Message, frozen=True):
    """The dialogue of a call asks a system that only control can reach."""

    call_id: str
    action: str
    arguments: dict[str, str]
    inputs: dict[str, str]


class CallEnded(_Message, frozen=True):
    """Repeated until ``ResultStored`` comes back."""

    result: CallResult


ToControl = (
    LineReady
    | LineBeat
    | CallRefused
    | CallProgress
    | ActionAsked
    | CallEnded
    | TrunkChanged
    | Supervise
    | Release
    | CommandDone
)


# ---------------------------------------------------------------- anyone ↔ speech


class Recognise(_Message, frozen=True):
    """One utterance, int16 little-endian mono at 8 kHz. ``urgent``: its endpoint has passed, somebody waits."""

    job: int
    audio: bytes
    expects: tuple[str, ...] = ()
    urgent: bool = False


class Hurry(_Message, frozen=True):
    """The job's endpoint has passed: do it before those that are only guesses."""

    job: int


class Forget(_Message, frozen=True):
    """The job's result is no longer wanted."""

    job: int


class Synthesise(_Message, frozen=True):
    """Make these pieces ready in the prompt cache."""

    job: int
    pieces: tuple[str, ...]


class Recognised(_Message, frozen=True):
    """Answer to ``Recognise``. ``rejected``: no speech in it; ``reason`` says by which measure."""

    job: int
    text: str
    rejected: bool
    reason: str
    score: float
    cpu_ms: int


class Synthesised(_Message, frozen=True):
    """Progress of ``Synthesise``; the last one has ``done == total``. ``problem`` is a sentence when a piece failed."""

    job: int
    done: int
    total: int
    cpu_ms: int
    problem: str = ""


class Failed(_Message, frozen=True):
    """A job could not be done at all; ``problem`` is a sentence for a person."""

    job: int
    problem: str


ToSpeech = Recognise | Hurry | Forget | Synthesise
FromSpeech = Recognised | Synthesised | Failed
