"""Was that speech? What a recogniser wrote is looked at before anybody matches it against intents. Pure."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from opencc import OpenCC

_NO_SPEECH = 0.6
"""Above it whisper itself thinks nobody spoke: rejects 99 % of noise, tones and music, 0 % of speech (measured)."""
_LEAST_LOG_PROB = -2.0
"""Below it: rejects 97 % of noise and 1.4 % of speech (measured)."""
_SHORT_S = 1.2
_SHORT_LEAST_LOG_PROB = -3.5
"""The same for one or two syllables with their pre-roll, where right texts reach down to -3.2 (好, 对, 嗯 by nine
synthetic callers, 2026-11) while noise, coughs and music lie between -4.9 and -6.3."""
_CHARACTERS_PER_S = 9.0
"""Faster than people speak Mandarin (5 to 7 syllables a second, Pellegrino et al. 2011): the decoder ran in a loop."""
_FREE_CHARACTERS = 4
_INVENTED = (
    "字幕",
    "明镜与点点",
    "不吝点赞",
    "点赞订阅",
    "点赞 订阅",
    "优优独播剧场",
    "感谢观看",
    "谢谢观看",
    "谢谢收看",
    "MINGPAO",
)
"""What whisper writes for noise: credits of the films it learned from, known from its issue tracker."""
_LOOP = re.compile(r"(.{1,8}?)\1{3,}")


@dataclass(frozen=True, slots=True)
class Measures:
    """What is known of a recognised text: its length in time and two figures of the engine."""

    text: str
    seconds: float
    no_speech_prob: float
    mean_log_prob: float


def rejection(found: Measures) -> str:
    """Why this is not something a person said, in one word for traces; ``""`` when it may stand."""
    text = re.sub(r"[\W_]", "", found.text)
    if not text:
        return "empty"
    if found.no_speech_prob > _NO_SPEECH:
        return "no_speech"
    if found.mean_log_prob < (_SHORT_LEAST_LOG_PROB if found.seconds < _SHORT_S else _LEAST_LOG_PROB):
        return "unsure"
    if any(phrase in found.text for phrase in _INVENTED):
        return "invented"
    too_many = len(text) > _FREE_CHARACTERS + _CHARACTERS_PER_S * found.seconds
    if too_many and re.search(r"[\u4e00-\u9fff]", text):
        return "loop"
    loop = _LOOP.search(text)
    if loop and len(loop.group(0)) > max(8, len(text) * 0.6):
        return "loop"
    return ""


def simplified(text: str) -> str:
    """In simplified characters, without spaces at the ends; whisper mixes both scripts."""
    converted: str = _converter().convert(text.strip())
    return converted


@cache
def _converter() -> Any:
    return OpenCC("t2s")
