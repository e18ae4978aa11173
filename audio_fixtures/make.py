"""Make the recordings of this folder anew: callers' voices as a telephone carries them, and things that are no speech.

Run ``make fixtures`` (or ``python audio_fixtures/make.py``) after changing the tables below, listen, and commit the
files together with ``manifest.csv``. The voices are other ones than the robot's own; voice and pace of each sentence
were chosen so that it is intelligible over a telephone: whisper recognises it without error, or with a homophone.
"""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callbot import settings
from callbot.audio import pcm, wav
from callbot.speech import models
from callbot.speech.kokoro import KokoroVoice
from callbot.values import RATE_HZ, Pcm

FOLDER = Path(__file__).parent
_EDGE_MS = 100
_SEED = 20261122
_LICENCE = "CC0-1.0"
"""What this folder holds is generated; the voice model (Apache-2.0) puts no condition on its output."""


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of a caller: what is spoken, what it means, who says it how fast."""

    file: str
    text: str
    intent: str
    speaker: str
    speed: float


LINES = (
    Line("hello", "喂？", "hello", "zm_yunjian", 1.1),
    Line("yes_me", "是的，我是。", "affirm", "zm_yunjian", 1.1),
    Line("promise", "好的，我今天就付。", "will_pay", "zm_yunjian", 1.0),
    Line("paid_already", "我已经付过了。", "already_paid", "zm_yunyang", 1.0),
    Line("wrong_person", "你打错了。", "wrong_person", "zf_xiaoxiao", 1.0),
    Line("busy", "我现在在开会。", "busy", "zf_xiaoxiao", 1.1),
    Line("tomorrow_3pm", "明天下午三点吧。", "busy", "zf_xiaoxiao", 1.1),
    Line("yes", "是的。", "affirm", "zm_yunjian", 1.0),
    Line("no", "不是。", "deny", "zm_yunyang", 0.85),
    Line("ok", "好的。", "affirm", "zm_yunjian", 1.0),
    Line("bye", "再见。", "bye", "zf_xiaoxiao", 1.1),
    Line("refuse", "我不想要了。", "not_interested", "zm_yunjian", 1.1),
    Line("dispute", "这个金额不对。", "dispute", "zm_yunyang", 1.0),
    Line("human", "我要转人工。", "human", "zf_xiaoxiao", 0.85),
    Line("stop", "别再给我打电话了。", "stop_calling", "zf_xiaoxiao", 1.1),
    Line("who", "你是谁呀？", "who_is_this", "zf_xiaoxiao", 1.0),
    Line("repeat", "你再说一遍。", "repeat", "zm_yunjian", 1.1),
    Line("users", "用户咨询。", "user_menu", "zm_yunyang", 0.8),
    Line("order", "我要查订单。", "order_query", "zm_yunyang", 1.0),
    Line("person", "请帮我转人工客服。", "human", "zm_yunjian", 0.85),
    Line("wait", "那我再等等吧。", "can_wait", "zm_yunjian", 1.0),
    Line("building_8", "不对，是八号楼。", "deny", "zm_yunjian", 1.0),
)


def main() -> None:
    """Write every WAV and the manifest."""
    rows = []
    model = models.ensure("kokoro", settings.load().model_dir)
    voices: dict[tuple[str, float], KokoroVoice] = {}
    for line in LINES:
        key = (line.speaker, line.speed)
        if key not in voices:
            voices[key] = KokoroVoice(model, *key)
        voice = voices[key]
        audio = pcm.at_level(voice.synthesise(line.text))
        rows.append(_keep(line.file, line.text.rstrip("。？"), line.intent, voice.name, _with_edges(audio)))
    random = np.random.default_rng(_SEED)
    for name, sound in (
        ("noise_pink", _pink(random, 3.0)),
        ("noise_music", _music()),
        ("noise_cough", _cough(random)),
        ("silence", pcm.silence(2000)),
    ):
        rows.append(_keep(name, "", "", "generated", _with_edges(sound)))
    with (FOLDER / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("file", "text", "intent", "voice", "rate_hz", "sha256", "licence"))
        table.writerows(rows)


def _keep(name: str, text: str, intent: str, voice: str, audio: Pcm) -> tuple[str, ...]:
    path = FOLDER / f"{name}.wav"
    wav.write(path, pcm.alaw_decoded(pcm.alaw_encoded(audio)))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return (path.name, text, intent, voice, str(RATE_HZ), digest, _LICENCE)


def _with_edges(audio: Pcm) -> Pcm:
    return pcm.joined([pcm.silence(0), audio], [_EDGE_MS, _EDGE_MS])


def _pink(random: np.random.Generator, seconds: float) -> Pcm:
    """Noise with equal power per octave above 50 Hz, as of a street or a fan."""
    samples = int(seconds * RATE_HZ)
    spectrum = np.fft.rfft(random.standard_normal(samples))
    hz = np.fft.rfftfreq(samples, 1 / RATE_HZ)
    return _loud(np.fft.irfft(np.where(hz < 50, 0, spectrum / np.sqrt(np.maximum(hz, 50))), samples), -26.0)


def _music() -> Pcm:
    """Four chords with a melody above them, plucked tones with four harmonics."""
    chords = ((220.0, 261.6, 329.6), (174.6, 220.0, 261.6), (261.6, 329.6, 392.0), (196.0, 246.9, 293.7))
    melody = (659.3, 587.3, 523.3, 587.3, 784.0, 659.3, 587.3, 493.9)
    sound = np.zeros(4 * RATE_HZ)
    for bar, chord in enumerate(chords):
        for tone in chord:
            _pluck(sound, bar * 1.0, tone, 1.0, 0.5)
    for beat, tone in enumerate(melody):
        _pluck(sound, beat * 0.5, tone, 0.5, 0.8)
    return _loud(sound, -22.0)


def _pluck(sound: NDArray[np.float64], at_s: float, hz: float, length_s: float, strength: float) -> None:
    start = int(at_s * RATE_HZ)
    time = np.arange(int(length_s * RATE_HZ)) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * hz * n * time) / n**1.5 for n in range(1, 5))
    attack = np.minimum(time / 0.01, 1)
    sound[start : start + len(time)] += strength * attack * np.exp(-3 * time / length_s) * tone


def _cough(random: np.random.Generator) -> Pcm:
    """Two bursts of breath noise shaped by a throat: resonances near 500, 1500 and 2500 Hz."""
    sound = np.zeros(int(1.2 * RATE_HZ))
    for at_s in (0.05, 0.55):
        time = np.arange(int(0.35 * RATE_HZ)) / RATE_HZ
        spectrum = np.fft.rfft(random.standard_normal(len(time)))
        hz = np.fft.rfftfreq(len(time), 1 / RATE_HZ)
        throat = sum(1 / (1 + ((hz - centre) / 180) ** 2) for centre in (500, 1500, 2500))
        burst = np.fft.irfft(spectrum * throat, len(time)) * np.minimum(time / 0.008, 1) * np.exp(-time / 0.07)
        start = int(at_s * RATE_HZ)
        sound[start : start + len(time)] += burst
    return _loud(sound, -20.0)


def _loud(sound: NDArray[np.float64], dbfs: float) -> Pcm:
    return pcm.at_level(pcm.to_int16(sound / np.max(np.abs(sound)) * 0.5), dbfs)


if __name__ == "__main__":
    main()
