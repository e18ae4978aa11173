"""A conversation on a timeline: who speaks when, on a leg without a clock, with real engine, turn-taking and session.

::

    await converse(script, inputs, [Says(3000, 3800, "是的"), Says(9000, 9600, "好的")])

Only ears and mouth are replaced: speech is a tone, the recogniser knows what was said when, prompts last 100 ms a
character.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from callbot.call.session import Conversation, Parts, Session, Watchers
from callbot.dialogue.engine import CompiledScript
from callbot.messages import Spoken, TraceStep
from callbot.ports import CallLeg, HandOverResult, LegEvent, LegKey, Recognition, Systems
from callbot.telephony.wav_leg import WavLeg
from callbot.turn.taking import TurnPolicy
from callbot.values import RATE_HZ, Pcm

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
MS_PER_CHARACTER = 100


@dataclass(frozen=True, slots=True)
class Says:
    """The customer speaks from ``start_ms`` to ``end_ms`` after pick-up. ``text`` None: a noise, no speech in it."""

    start_ms: int
    end_ms: int
    text: str | None


@dataclass(frozen=True, slots=True)
class Presses:
    """The customer presses a key."""

    at_ms: int
    key: str


@dataclass(slots=True)
class Result:
    """What came of it. ``spoken`` is the robot's channel."""

    conversation: Conversation
    transcript: list[Spoken]
    steps: list[TraceStep]
    spoken: Pcm
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def loud(self, start_ms: int, end_ms: int) -> bool:
        """Whether the robot could be heard at any time in this stretch."""
        return bool(np.abs(self.spoken[start_ms * 8 : end_ms * 8]).max(initial=0) > 100)

    def robot(self) -> list[str]:
        return [line.text for line in self.transcript if line.who == "robot"]

    def customer(self) -> list[str]:
        return [line.text for line in self.transcript if line.who == "customer"]


class ToneVad:
    """Speech is whatever is loud."""

    def speech(self, frame: Pcm) -> float:
        return 1.0 if np.abs(frame).max() > 1000 else 0.0


class Script:
    """Recogniser: the audio itself carries, as its loudness, which of the texts it is."""

    def __init__(self, texts: Sequence[str | None]) -> None:
        self._texts = texts

    def utterance(self, expects: Sequence[str] = ()) -> "_Utterance":
        return _Utterance(self._texts)


class _Utterance:
    def __init__(self, texts: Sequence[str | None]) -> None:
        self._texts = texts
        self._audio: list[Pcm] = []

    def push(self, audio: Pcm) -> None:
        self._audio.append(audio)

    async def result(self) -> Recognition:
        await asyncio.sleep(0)
        number = round(int(np.concatenate(self._audio).max()) / 100) - 100
        text = self._texts[number]
        if text is None:
            return Recognition("", rejected=True, reason="noise", score=0.0, cpu_ms=0)
        return Recognition(text, rejected=False, reason="", score=1.0, cpu_ms=0)

    def hurry(self) -> None:
        pass

    def close(self) -> None:
        self._audio.clear()


class Prompts:
    """Every prompt is ready but those that hold a text of ``missing``."""

    def __init__(self, missing: str = "") -> None:
        self._missing = missing

    def audio(self, pieces: Sequence[str], *, slow: bool = False) -> Pcm | None:
        text = "".join(pieces)
        if self._missing and self._missing in text:
            return None
        return np.full(len(text) * MS_PER_CHARACTER * 8, 5000, np.int16)

    def recorded(self, sha256: str) -> Pcm | None:
        return None

    async def make(self, pieces: Sequence[str]) -> None:
        self._missing = ""


class Orders:
    """Answers every question with ``answer``; None never answers."""

    def __init__(self, answer: str | None, asked: list[tuple[str, dict[str, str]]]) -> None:
        self._answer = answer
        self._asked = asked

    async def ask(self, action: str, arguments: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        self._asked.append((action, dict(arguments)))
        if self._answer is None:
            raise ConnectionError("the order system is away")
        return self._answer, {}


class People:
    """Agents on the same timeline: they answer ``after_ms`` and hang up after ``talk_ms`` more; None: never."""

    def __init__(self, after_ms: int | None = 0, talk_ms: int | None = None, *, refuse: bool = True) -> None:
        self._after_ms = after_ms
        self._talk_ms = talk_ms
        self._refuse = refuse
        self._now = 0
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self.asked: list[tuple[int, str]] = []
        self.let_go = False
        self._then: list[tuple[int, Callable[[], None]]] = []

    def at_ms(self, at: int, work: Callable[[], None]) -> None:
        """Do something when so much of the call has passed."""
        self._then.append((at, work))

    def tick(self, now_ms: int) -> None:
        self._now = now_ms
        while self._then and self._then[0][0] <= now_ms:
            self._then.pop(0)[1]()
        for at, future in self._waiting:
            if at <= now_ms and not future.done():
                future.set_result(None)

    async def _pass(self, ms: int | None) -> None:
        if ms == 0:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if ms is not None:
            self._waiting.append((self._now + ms, future))
        await future

    async def hand_over(self, leg: CallLeg, queue: str, on_connected: Callable[[], None]) -> HandOverResult:
        self.asked.append((self._now, queue))
        try:
            await self._pass(self._after_ms)
            if self._refuse:
                return "failed"
            on_connected()
            await self._pass(self._talk_ms)
            return "connected"
        except asyncio.CancelledError:
            self.let_go = True
            raise


async def converse(
    script: CompiledScript,
    inputs: Mapping[str, str],
    customer: Sequence[Says | Presses],
    *,
    hangs_up_ms: int = 120_000,
    orders: str | None = "paid",
    missing: str = "",
    people: "People | None" = None,
    during: Callable[[Session], None] | None = None,
    systems: Systems | None = None,
) -> Result:
    """Hold the conversation to its end; the customer hangs up at ``hangs_up_ms`` at the latest.

    ``systems`` answer instead of ``orders``; what they are asked they keep themselves.
    """
    said = [one for one in customer if isinstance(one, Says)]
    heard = np.zeros(hangs_up_ms * RATE_HZ // 1000, np.int16)
    for number, one in enumerate(said):
        heard[one.start_ms * 8 : one.end_ms * 8] = (100 + number) * 100
    people = people or People()
    asked: list[tuple[str, dict[str, str]]] = []
    transcript: list[Spoken] = []
    steps: list[TraceStep] = []
    sessions: list[Session] = []
    leg = WavLeg(heard, settle=lambda: sessions[0].settle(), silence_after_ms=0)
    prompts = Prompts(missing)
    parts = Parts(
        vad=ToneVad(),
        recogniser=Script([one.text for one in said]),
        prompts=prompts,
        systems=systems or Orders(orders, asked),
        transfers=people,
        make_prompts=prompts.make,
        policy=TurnPolicy(),
    )
    keys = [one for one in customer if isinstance(one, Presses)]
    passed = 0

    def audio(heard_now: Pcm, _spoken: Pcm) -> None:
        nonlocal passed
        passed += len(heard_now) // 8
        people.tick(passed)
        while keys and keys[0].at_ms <= passed:
            post_to(sessions[0], LegKey(keys.pop(0).key))

    watchers = Watchers(audio, transcript.append, steps.append)
    session = Session(leg, script, inputs, NOW, parts, watchers)
    sessions.append(session)
    if during:
        during(session)
    pumping = asyncio.ensure_future(leg.run())
    conversation = await session.run()
    await pumping
    transcript.sort(key=lambda line: line.start_ms)
    return Result(conversation, transcript, steps, leg.spoken, asked)


def post_to(session: Session, event: LegEvent) -> None:
    """Hand an event to a session as its leg would."""
    session._inbox.put_nowait(event)
