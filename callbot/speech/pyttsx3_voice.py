"""The machine's own voice through pyttsx3: always there, on Linux (espeak-ng) hardly intelligible in Mandarin.

One fresh process per file: the engine behind it crashes when used from several threads, and remembers a voice it could
not set. What comes out is checked, because failures are silent.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import pyttsx3

from callbot.audio import pcm, wav
from callbot.errors import SpeechError
from callbot.language import Text
from callbot.speech.prompts import speakable
from callbot.values import RATE_HZ, Pcm

_PATIENCE_S = 30
_TRIES = 2
"""Once in some fifty runs espeak-ng leaves an empty file behind (2026-11)."""
_LEAST_SAMPLES = RATE_HZ // 20
_WORDS_PER_MINUTE = 200
"""pyttsx3's own default rate, taken as speed 1.0."""


class Pyttsx3Voice:
    """``ports.Voice`` on the operating system's synthesiser."""

    def __init__(self, speed: float) -> None:
        self._speed = speed

    @property
    def name(self) -> str:
        """``pyttsx3/cmn/<speed>``."""
        return f"pyttsx3/cmn/{self._speed}"

    def synthesise(self, text: str) -> Pcm:
        """Speak a piece of text, about 0.2 s. Errors: ``SpeechError``."""
        if not speakable(text):
            raise SpeechError(Text(f"“{text}”里没有能念的字。", f"There is nothing to speak in “{text}”."))
        problem = ""
        for _ in range(_TRIES):
            try:
                return self._once(text)
            except _NoSoundError as error:
                problem = str(error)
        raise SpeechError(_failed(problem))

    def _once(self, text: str) -> Pcm:
        """One process, one file, looked at before it is believed."""
        with tempfile.TemporaryDirectory(prefix="callbot-") as folder:
            path = Path(folder) / "speech.wav"
            rate = str(round(_WORDS_PER_MINUTE * self._speed))
            command = [sys.executable, "-m", __name__, str(path), rate, text]
            try:
                done = subprocess.run(command, capture_output=True, timeout=_PATIENCE_S, check=False)
                audio = pcm.trimmed(wav.read(path))
            except subprocess.TimeoutExpired:
                raise _NoSoundError("timeout") from None
            except SpeechError:
                last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
                raise _NoSoundError(last[0] if last else f"exit {done.returncode}") from None
        if len(audio) < _LEAST_SAMPLES:
            raise _NoSoundError("no audio")
        return audio


class _NoSoundError(Exception):
    """The engine did not give a usable file this time."""


def _failed(cause: str) -> Text:
    return Text(
        f"系统语音合成失败（{cause}）。Linux 上请运行 apt-get install espeak-ng，"
        '或在 callbot.toml 里用 speech.voice = "kokoro"',
        f"The system's speech synthesis failed ({cause}). On Linux run `apt-get install espeak-ng`, "
        f'or set speech.voice = "kokoro" in callbot.toml',
    )


def _speak_to_file(path: str, rate: str, text: str) -> None:
    """The child process: one engine, one file."""
    engine = pyttsx3.init()
    if sys.platform.startswith("linux"):
        engine.setProperty("voice", "sit/cmn" if _has_voice(engine, "sit/cmn") else "cmn")
    engine.setProperty("rate", int(rate))
    engine.save_to_file(text, path)
    engine.runAndWait()


def _has_voice(engine: pyttsx3.Engine, name: str) -> bool:
    return any(voice.id == name for voice in engine.getProperty("voices"))


if __name__ == "__main__":
    _speak_to_file(*sys.argv[1:4])
