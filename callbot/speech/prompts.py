"""The prompt cache: every piece of every sentence as ready audio, joined when it is said.

::

    cache folder/3f/3f9c...a1.wav     one piece by one voice: named by sha256 of (voice, text), 8 kHz, one loudness
    cache folder/recorded/7d2e...wav  what a script names as ``audio``: named by the sha256 of the file
    recordings/recordings.csv         file,text: what a person recorded wins over every voice

A sentence is its pieces with the pauses its punctuation asks for. Who makes pieces and who plays them are different
processes: files appear whole, by rename, and are never changed afterwards.
"""

import csv
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from callbot.audio import pcm, wav
from callbot.errors import SpeechError
from callbot.language import Text
from callbot.ports import Voice
from callbot.values import Pcm

_KEPT_SAMPLES = 16_000_000
"""Audio kept in memory: 32 MB, 33 minutes, more than a thousand pieces."""
_LONG_PAUSE = "。！？!?；;…"
_SHORT_PAUSE = "，,、：:"
_LONG_PAUSE_MS = 280
_SHORT_PAUSE_MS = 140
"""Pauses of a friendly reader: within a sentence about 150 ms, between sentences about 300 ms, less the 10 ms of quiet
that each piece keeps at either end (see ``pcm.trimmed``)."""
_NO_PAUSE_MS = 15
"""Between pieces without punctuation, as between words: enough that a stop consonant is not glued to a vowel."""

_SLOW_GAP_MS = 250
"""Between any two pieces when somebody asked for slower speech: digits at two a second, as people dictate."""
_RECORDED = "recorded"


class PromptCache:
    """``ports.Prompts`` on a folder shared by all processes. Not for several threads at once."""

    def __init__(self, folder: Path, voice_name: str, recordings: Path | None = None) -> None:
        """Pieces of ``voice_name`` under ``folder``; ``recordings`` holds recorded WAVs and a ``recordings.csv``.

        Errors: ``SpeechError`` when the recordings cannot be read.
        """
        self._folder = folder
        self._voice_name = voice_name
        self._recorded = _recordings(recordings) if recordings is not None else {}
        self._memory: OrderedDict[str, Pcm] = OrderedDict()
        self._samples = 0

    def audio(self, pieces: Sequence[str], *, slow: bool = False) -> Pcm | None:
        """All pieces joined at one loudness, or None when one is not ready.

        ``slow`` makes the pauses longer, between pieces too, so that digits and amounts come one by one. The pieces
        themselves keep their pace: making them anew would take seconds while the caller waits.
        """
        spoken: list[Pcm] = []
        gaps_ms: list[int] = []
        for piece in pieces:
            if not speakable(piece):
                if gaps_ms:
                    gaps_ms[-1] = max(gaps_ms[-1], _pause_ms(piece.strip()[-1:]))
                continue
            found = self._piece(piece)
            if found is None:
                return None
            if gaps_ms:
                gaps_ms[-1] = max(gaps_ms[-1], _pause_ms(piece.strip()[:1]))
            spoken.append(found)
            gaps_ms.append(_pause_ms(piece.strip()[-1:]))
        if slow:
            gaps_ms = [max(_SLOW_GAP_MS, gap_ms * 2) for gap_ms in gaps_ms]
        if gaps_ms:
            gaps_ms[-1] = 0
        return pcm.joined(spoken, gaps_ms)

    def recorded(self, sha256: str) -> Pcm | None:
        """A recording of a script, brought to the loudness of prompts; None when it was never kept here."""
        piece = f"{_RECORDED}:{sha256}"
        if piece not in self._memory:
            path = self._recorded_path(sha256)
            if not path.is_file():
                return None
            self._remember(piece, pcm.at_level(wav.read(path)))
        return self._memory[piece]

    def keep(self, sha256: str, audio: Pcm) -> None:
        """Keep a recording of a script under the hash of its file. Errors: ``SpeechError``."""
        path = self._recorded_path(sha256)
        if not path.is_file():
            _made(path.parent)
            wav.write(path, audio)

    def _recorded_path(self, sha256: str) -> Path:
        return self._folder / _RECORDED / f"{sha256}.wav"

    def missing(self, pieces: Iterable[str]) -> tuple[str, ...]:
        """Which of them have to be made, each once, in the order they came."""
        wanted = dict.fromkeys(piece for piece in pieces if speakable(piece))
        return tuple(piece for piece in wanted if not self._ready(piece))

    def put(self, piece: str, audio: Pcm) -> None:
        """Keep a piece that was made, brought to the loudness of prompts. Errors: ``SpeechError``."""
        path = self._path(piece)
        _made(path.parent)
        wav.write(path, pcm.at_level(pcm.trimmed(audio)))

    def _ready(self, piece: str) -> bool:
        return _key(piece) in self._recorded or piece in self._memory or self._path(piece).is_file()

    def _piece(self, piece: str) -> Pcm | None:
        if piece in self._memory:
            self._memory.move_to_end(piece)
            return self._memory[piece]
        recorded = self._recorded.get(_key(piece))
        if recorded is not None:
            found = pcm.at_level(pcm.trimmed(wav.read(recorded)))
        elif (path := self._path(piece)).is_file():
            found = wav.read(path)
        else:
            return None
        self._remember(piece, found)
        return found

    def _remember(self, piece: str, audio: Pcm) -> None:
        self._memory[piece] = audio
        self._samples += len(audio)
        while self._samples > _KEPT_SAMPLES and len(self._memory) > 1:
            self._samples -= len(self._memory.popitem(last=False)[1])

    def _path(self, piece: str) -> Path:
        name = hashlib.sha256(f"{self._voice_name}\n{piece}".encode()).hexdigest()[:32]
        return self._folder / name[:2] / f"{name}.wav"


def make_ready(
    voice: Voice,
    cache: PromptCache,
    pieces: Iterable[str],
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Make what is missing, one piece after the other; returns how many. Blocking. Errors: ``SpeechError``.

    ``on_progress(done, total)`` is called after each piece, and once with 0 done.
    """
    missing = cache.missing(pieces)
    for done, piece in enumerate(missing):
        if on_progress:
            on_progress(done, len(missing))
        cache.put(piece, voice.synthesise(piece))
    if on_progress:
        on_progress(len(missing), len(missing))
    return len(missing)


def _made(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SpeechError(
            Text(
                f"提示音目录 {folder} 建不了：{error.strerror}。请检查权限和磁盘空间。",
                f"The prompt folder {folder} cannot be made: {error.strerror}. Check its permissions and the disk.",
            )
        ) from None


def speakable(piece: str) -> bool:
    """There is something to pronounce in it, not only punctuation and spaces."""
    return any(character.isalnum() for character in piece)


def _pause_ms(mark: str) -> int:
    if mark and mark in _LONG_PAUSE:
        return _LONG_PAUSE_MS
    return _SHORT_PAUSE_MS if mark and mark in _SHORT_PAUSE else _NO_PAUSE_MS


def _key(text: str) -> str:
    """Recordings match by what is pronounced, whatever the punctuation."""
    return "".join(character for character in text if character.isalnum())


def _recordings(folder: Path) -> dict[str, Path]:
    """Recorded pieces by text, from ``recordings.csv`` with the columns ``file`` and ``text``."""
    table = folder / "recordings.csv"
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = [(row["file"], row["text"]) for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, KeyError) as error:
        raise SpeechError(
            Text(
                f"录音清单 {table} 读不了（{error}）：需要 UTF-8 的 CSV，两列 file,text。",
                f"The list of recordings {table} cannot be read ({error}): "
                f"it has to be a UTF-8 CSV with the columns file,text.",
            )
        ) from None
    return {_key(text): folder / name for name, text in rows}
