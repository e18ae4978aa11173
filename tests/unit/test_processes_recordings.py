"""Recordings of a revision reach the prompt cache, as they were when it was published."""

from pathlib import Path

import numpy as np
import pytest

from callbot.audio import wav
from callbot.processes.recordings import keep_recordings
from callbot.script.revision import build_revision, read_revision
from callbot.settings import Settings
from callbot.speech.prompts import PromptCache
from tests.unit.script_workshop import OPENING, workshop

pytestmark = pytest.mark.unit

STEPS = f"greet:\n  say: {OPENING}好吗？\n  audio: audio/greet.wav\n  answers: {{affirm: bye}}\n"


@pytest.mark.parametrize("change", ["none", "changed", "gone"])
def test_a_recording_is_kept_unless_it_changed(tmp_path: Path, change: str) -> None:
    shop = workshop(tmp_path)
    path = shop.root / "audio" / "greet.wav"
    path.parent.mkdir()
    wav.write(path, np.full(8000, 1000, np.int16))
    revision = build_revision(shop.script(STEPS))
    if change == "changed":
        wav.write(path, np.full(8000, 2000, np.int16))
    elif change == "gone":
        path.unlink()
    cache = PromptCache(tmp_path / "prompts", "voice")
    keep_recordings(Settings(scripts_dir=shop.root), revision, cache)
    (sha256,) = read_revision(revision).recordings.values()
    kept = cache.recorded(sha256)
    assert (kept is not None) is (change == "none")
