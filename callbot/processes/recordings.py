"""Recordings that scripts name, brought into the prompt cache before the first call that plays them."""

import hashlib
from pathlib import Path

from callbot import log
from callbot.audio import wav
from callbot.errors import SpeechError
from callbot.protocol import Revision
from callbot.script.revision import read_revision
from callbot.settings import Settings
from callbot.speech.prompts import PromptCache


def keep_recordings(settings: Settings, revision: Revision, cache: PromptCache) -> None:
    """Keep every recording of a revision whose file is still the one that was published. Blocking.

    A file that is gone or was changed since is logged, and its sentence synthesised.
    """
    bundle = read_revision(revision)
    folder = settings.flows_dir if bundle.script.kind == "hotline" else settings.scripts_dir
    for name, sha256 in bundle.recordings.items():
        if cache.recorded(sha256) is None:
            _keep(folder / name, sha256, cache)


def _keep(path: Path, sha256: str, cache: PromptCache) -> None:
    try:
        if hashlib.sha256(path.read_bytes()).hexdigest() == sha256:
            cache.keep(sha256, wav.read(path))
            return
        problem = "changed since it was published"
    except (OSError, SpeechError) as error:
        problem = str(error)
    log.get(__name__).warning("a recording is synthesised instead", file=str(path), problem=problem)
