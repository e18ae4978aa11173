"""Utterances cut out of a whole recording, by the same decisions that a call takes frame by frame."""

from dataclasses import dataclass

import numpy as np

from callbot.audio import pcm
from callbot.ports import Vad
from callbot.turn.taking import PRE_ROLL_MS, ShortPause, TurnPolicy, TurnTaker, UtteranceEnded
from callbot.values import FRAME_SAMPLES, RATE_HZ, Pcm


@dataclass(frozen=True, slots=True)
class Cut:
    """One utterance: when it was said, and its audio with pre-roll up to the pause that followed."""

    start_ms: int
    end_ms: int
    audio: Pcm


def utterances(audio: Pcm, vad: Vad, policy: TurnPolicy) -> list[Cut]:
    """All utterances in 8 kHz audio; none when nobody speaks. ``vad`` is used up by this.

    The recording may begin and end in the middle of a word: silence is put around it.
    """
    lead = pcm.silence(PRE_ROLL_MS)
    padded = np.concatenate((lead, audio, pcm.silence(policy.endpoint_ms + policy.short_pause_ms + PRE_ROLL_MS)))
    taker = TurnTaker(policy)
    cuts: list[Cut] = []
    pause_ms = 0
    for at in range(0, len(padded) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        for event in taker.frame(vad.speech(padded[at : at + FRAME_SAMPLES]), robot_speaking=False):
            match event:
                case ShortPause(at_ms=at_ms):
                    pause_ms = at_ms
                case UtteranceEnded(start_ms=start_ms, end_ms=end_ms):
                    first, last = max(0, start_ms - PRE_ROLL_MS), max(pause_ms, end_ms)
                    piece = padded[first * RATE_HZ // 1000 : last * RATE_HZ // 1000]
                    shift = PRE_ROLL_MS
                    cuts.append(Cut(max(0, start_ms - shift), max(0, end_ms - shift), piece))
    return cuts
