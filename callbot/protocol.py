"""What processes tell each other over ``wire``, in closed unions: ``ToLine``, ``ToControl``, ``ToSpeech``,
``FromSpeech``.
"""

from typing import Literal

import msgspec

from callbot.messages import ActionFinished, CallResult, Message

# ---------------------------------------------------------------- control → line


class Revision(Message, frozen=True):
    """A script as it was published: everything needed to run it, in one text, named by its hash."""

    script: str
    hash: str
    text: str


class Route(Message, frozen=True):
    """One way to a number: over which trunk, to which URI, as which caller."""

    trunk: str
    uri: str
    caller: str


class PlaceCall(Message, frozen=True, kw_only=True):
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


class AnswerCalls(Message, frozen=True):
    """From now on answer calls to these numbers, all others by ``default``; ``busy`` answers when all legs are taken.

    Every prompt of these flows is ready. A line that has not got this yet refuses all calls.
    """

    numbers: dict[str, Revision]
    default: Revision | None = None
    busy: Revision | None = None


class HangUp(Message, frozen=True):
    """End one call at once; its outcome is ``cancelled`` while ringing, else what the script says of a hang-up."""

    call_id: str


class Drain(Message, frozen=True):
    """Take no new calls, end the running ones politely within ``within_ms``, then leave."""

    within_ms: int


class ResultStored(Message, frozen=True):
    """The store has this call's result; the line may forget its journal."""

    call_id: str


class Supervise(Message, frozen=True):
    """Bring a supervisor into a call that an agent has, or change what he may do; answered by ``CommandDone``.

    ``to`` is the SIP address of his telephone, "" when he is in the call already. ``asked_by``: the peer that gets the
    answer, set by control.
    """

    call_id: str
    mode: Literal["listen", "whisper", "join", "takeover"]
    to: str = ""
    asked_by: str = ""


class Release(Message, frozen=True):
    """Hang up one leg of a call that an agent has; answered by ``CommandDone``."""

    call_id: str
    party: Literal["caller", "agent", "supervisor"]
    asked_by: str = ""


class CommandDone(Message, frozen=True):
    """What became of a command: nothing wrong when both are "", else a sentence in each language."""

    asked_by: str
    zh: str = ""
    en: str = ""


class ActionAnswer(Message, frozen=True):
    """The answer of a system to the ``ActionAsked`` of the same ``request``."""

    request: str
    finished: ActionFinished


ToLine = PlaceCall | AnswerCalls | HangUp | Drain | ResultStored | ActionAnswer | Supervise | Release


# ---------------------------------------------------------------- what a line carries out


class TakeCall(Message, frozen=True, kw_only=True):
    """Pick up a call that came in; made by the line itself, kept in its journal. ``contact`` is the masked caller."""

    call_id: str
    number: str
    caller: str
    contact: str
    revision: Revision
    inputs: dict[str, str] = msgspec.field(default_factory=dict)


CallOrder = PlaceCall | TakeCall


# ---------------------------------------------------------------- line → control


class LineReady(Message, frozen=True, kw_only=True):
    """First word of a line: how many legs it carries, and which calls its journal still holds from before.

    ``reserve`` of its legs take no calls of campaigns.
    """

    line: str
    incarnation: str
    legs: int
    media: str
    reserve: int = 0
    journaled: tuple[str, ...] = ()


class LineBeat(Message, frozen=True):
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


class TrunkChanged(Message, frozen=True):
    """The trunk of a call did not take it; it goes over this one now."""

    call_id: str
    trunk: str


class CallRefused(Message, frozen=True):
    """A ``PlaceCall`` that surely never left: the line is draining or has no leg free. The contact goes back."""

    call_id: str
    attempt_id: str
    fence: int


class CallProgress(Message, frozen=True):
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


class Notice(Message, frozen=True):
    """Something a person who watches should put right, in both languages."""

    zh: str
    en: str


Live = CallProgress | Notice


class ActionAsked(Message, frozen=True):
    """The dialogue of a call asks a system that only control can reach.

    ``request`` names the question (``call.requests``): whoever carries it out does so once, however often it is asked.
    ``phone`` is the caller's number; "" when we call, and when it is withheld.
    """

    call_id: str
    request: str
    action: str
    arguments: dict[str, str]
    phone: str = ""


class CallEnded(Message, frozen=True):
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


class Recognise(Message, frozen=True):
    """One utterance, int16 little-endian mono at 8 kHz. ``urgent``: its endpoint has passed, somebody waits."""

    job: int
    audio: bytes
    expects: tuple[str, ...] = ()
    urgent: bool = False


class Hurry(Message, frozen=True):
    """The job's endpoint has passed: do it before those that are only guesses."""

    job: int


class Forget(Message, frozen=True):
    """The job's result is no longer wanted."""

    job: int


class Synthesise(Message, frozen=True):
    """Make these pieces ready in the prompt cache."""

    job: int
    pieces: tuple[str, ...]


class Recognised(Message, frozen=True):
    """Answer to ``Recognise``. ``rejected``: no speech in it; ``reason`` says by which measure."""

    job: int
    text: str
    rejected: bool
    reason: str
    score: float
    cpu_ms: int


class Synthesised(Message, frozen=True):
    """Progress of ``Synthesise``; the last one has ``done == total``. ``problem`` is a sentence when a piece failed."""

    job: int
    done: int
    total: int
    cpu_ms: int
    problem: str = ""


class Failed(Message, frozen=True):
    """A job could not be done at all; ``problem`` is a sentence for a person."""

    job: int
    problem: str


ToSpeech = Recognise | Hurry | Forget | Synthesise
FromSpeech = Recognised | Synthesised | Failed
