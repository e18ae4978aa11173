"""From a sentence to the audio of it: ready-made as a rule; a short filler while one that should be ready is made.

::

    ready                 say A ──────────────────────────────► A
    not ready             say A ─► "请稍等。" ... made ────────► A
    followed meanwhile    say A ─► "请稍等。" ─ then B ─ made ─► A, B
    replaced meanwhile    say A ─► "请稍等。" ─ say B ─────────► B      (A is dropped when it comes)
    cannot be made        say A ─► "请稍等。" ... and the script goes on without A
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec

from callbot import log
from callbot.call.speaker import Speaker
from callbot.errors import SpeechError
from callbot.messages import Say
from callbot.ports import Prompts

FILLER = "请稍等。"
"""Spoken while a prompt that should have been ready is made; made ready with every script (processes/control)."""
_FILLER_NUMBER = 0  # the dialogue counts its sentences from 1


@dataclass(frozen=True, slots=True)
class Made:
    """A sentence whose pieces had to be made first is ready now; stale when another replaced it meanwhile."""

    say: Say
    generation: int


class Prompting:
    """Gives sentences to the speaker. ``make`` makes pieces, ``spawn`` runs that, ``post`` gets the end of it."""

    def __init__(
        self,
        speaker: Speaker,
        prompts: Prompts,
        make: Callable[[Sequence[str]], Awaitable[object]],
        spawn: Callable[[Awaitable[None]], None],
        post: Callable[[Made], None],
    ) -> None:
        self._speaker = speaker
        self._prompts = prompts
        self._make = make
        self._spawn = spawn
        self._post = post
        self._making: Say | None = None
        self._following: list[Say] = []
        self._generation = 0

    @property
    def busy(self) -> bool:
        """Whether something is being said, waits to be said, or is still being made."""
        return self._speaker.busy or self._making is not None

    def say(self, say: Say) -> None:
        """Say it as soon as its audio is there."""
        if say.replace:
            self._generation += 1
            self._making, self._following = None, []
        elif self._making is not None:
            self._following.append(say)
            return
        audio = self._prompts.recorded(say.audio) if say.audio else None
        if audio is None:
            audio = self._prompts.audio(say.pieces, slow=say.slow)
        if audio is not None:
            self._speaker.say(say, audio)
            return
        log.get(__name__).warning("a prompt was not ready", step=say.step)
        filler = self._prompts.audio((FILLER,))
        if filler is not None:
            self._speaker.say(Say(_FILLER_NUMBER, say.step, FILLER, (FILLER,), replace=say.replace), filler)
        elif say.replace:
            self._speaker.stop()
        self._making = say
        self._spawn(self._make_it(say, self._generation))

    def made(self, made: Made) -> None:
        """Say what had to be made first, unless another sentence replaced it."""
        if made.generation == self._generation:
            self._go_on(made.say)

    def played(self, number: int) -> bool:
        """The leg has played this number; whether it was a whole sentence of the dialogue."""
        return self._speaker.finished(number) and number > _FILLER_NUMBER

    async def _make_it(self, say: Say, generation: int) -> None:
        try:
            await self._make(say.pieces)
        except SpeechError as error:
            log.get(__name__).error("a prompt could not be made", step=say.step, problem=str(error))
            if generation == self._generation:
                self._go_on()
            return
        self._post(Made(msgspec.structs.replace(say, replace=False), generation))

    def _go_on(self, *made: Say) -> None:
        """What was waited for is there, or will never be: say it, and what came after it."""
        following, self._making, self._following = self._following, None, []
        for say in (*made, *following):
            self.say(say)
