"""Recordings heard as calls hear them: cut by the same voice detection, recognised and rejected the same way."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from callbot.audio import wav
from callbot.ports import Recogniser, Vad
from callbot.turn.cutting import utterances
from callbot.turn.taking import TurnPolicy
from callbot.values import ms_of


@dataclass(frozen=True, slots=True)
class FileHeard:
    """What was made of one recording; ``reason`` says why nothing was taken."""

    text: str
    rejected: bool
    reason: str
    score: float
    audio_ms: int
    cpu_ms: int


async def hear_file(recogniser: Recogniser, vad: Vad, file: Path) -> FileHeard:
    """All that is said in a recording. Errors: ``SpeechError`` when the file cannot be read."""
    audio = wav.read(file)
    results = []
    for cut in utterances(audio, vad, TurnPolicy()):
        utterance = recogniser.utterance()
        utterance.push(cut.audio)
        results.append(await utterance.result())
        utterance.close()
    taken = [result for result in results if not result.rejected]
    return FileHeard(
        "，".join(result.text for result in taken),
        not taken,
        "" if taken else results[0].reason if results else "no_speech",
        round(min((result.score for result in taken or results), default=0.0), 3),
        ms_of(len(audio)),
        sum(result.cpu_ms for result in results),
    )


def listener(recogniser: Recogniser, vad: Callable[[], Vad]) -> Callable[[Path], str | None]:
    """What tests hear recordings with: the text, None when nothing in it counts as speech."""

    def hear(file: Path) -> str | None:
        heard = asyncio.run(hear_file(recogniser, vad(), file))
        return None if heard.rejected else heard.text

    return hear
