"""Sentences whose audio is not ready: a filler, the right order, and nothing that was replaced."""

import asyncio
from collections.abc import Coroutine, Sequence

import numpy as np
import pytest

from callbot.call.prompting import FILLER, Made, Prompting
from callbot.errors import SpeechError
from callbot.language import Text
from callbot.messages import Say
from callbot.values import Pcm

pytestmark = pytest.mark.unit


class Mouth:
    """Notes what it is given; satisfies the part of ``Speaker`` that prompting uses."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, say: Say, audio: Pcm) -> None:
        self.said.append(say.text)

    def stop(self) -> None:
        self.said.append("stop")


class Stage:
    """Prompts of which some are not ready, and the making of them, which ends when the test says so."""

    def __init__(self, *ready: str) -> None:
        self.ready = {FILLER, *ready}
        self.works = True
        self.mouth = Mouth()
        self._making: list[Coroutine[None, None, None]] = []
        self.posted: list[Made] = []
        self.prompting = Prompting(
            self.mouth,  # type: ignore[arg-type]
            self,
            self.make,
            self._making.append,  # type: ignore[arg-type]
            self.posted.append,
        )

    def audio(self, pieces: Sequence[str], *, slow: bool = False) -> Pcm | None:
        return np.ones(160, np.int16) if self.ready.issuperset(pieces) else None

    def recorded(self, name: str) -> Pcm | None:
        return None

    async def make(self, pieces: Sequence[str]) -> None:
        if not self.works:
            raise SpeechError(Text("坏了", "broken"))
        self.ready.update(pieces)

    def say(self, text: str, *, replace: bool = True) -> None:
        self.prompting.say(Say(1, "step", text, (text,), replace=replace))

    def begun(self) -> list[Coroutine[None, None, None]]:
        """What was begun to be made since the last time."""
        begun, self._making[:] = list(self._making), []
        return begun

    def finish(self) -> None:
        """What is being made is there now, or failed."""
        for work in self.begun():
            asyncio.run(work)
        for made in self.posted:
            self.prompting.made(made)
        self.posted.clear()


def test_what_follows_waits_for_what_is_being_made() -> None:
    stage = Stage("再见")
    stage.say("张先生")
    stage.say("再见", replace=False)
    assert stage.mouth.said == [FILLER]
    stage.finish()
    assert stage.mouth.said == [FILLER, "张先生", "再见"]


def test_what_was_replaced_is_never_said_nor_what_followed_it() -> None:
    stage = Stage("再见", "好的")
    stage.say("张先生")
    stage.say("再见", replace=False)
    stage.say("好的")
    stage.finish()
    assert stage.mouth.said == [FILLER, "好的"]


def test_what_cannot_be_made_is_left_out_and_the_rest_is_said() -> None:
    stage = Stage("再见")
    stage.works = False
    stage.say("张先生")
    stage.say("再见", replace=False)
    stage.finish()
    assert stage.mouth.said == [FILLER, "再见"]


def test_a_late_one_of_before_does_not_release_what_waits_now() -> None:
    stage = Stage("再见")
    stage.say("张先生")
    late = stage.begun()
    stage.say("李先生")
    stage.say("再见", replace=False)
    asyncio.run(late[0])
    stage.prompting.made(stage.posted.pop())
    assert stage.mouth.said == [FILLER, FILLER]
    stage.finish()
    assert stage.mouth.said == [FILLER, FILLER, "李先生", "再见"]
