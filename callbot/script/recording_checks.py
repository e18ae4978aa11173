"""Lint of recordings that a script names: is the file there, does it fit the telephone, does it fit the text."""

from collections.abc import Iterator

from callbot.audio import wav
from callbot.errors import SpeechError
from callbot.language import Text
from callbot.script import template
from callbot.script.context import Context
from callbot.script.findings import Finding, finding
from callbot.script.prompt import Variant
from callbot.script.source import Route
from callbot.values import RATE_HZ

_LONGEST_S = 15.0
"""Twice the longest prompt that lint likes (8 s): nobody listens longer."""
_SHORTEST_S = 0.2
"""A syllable; anything shorter is an empty file."""


def check(context: Context) -> list[Finding]:
    """Recordings that are missing, have another form than 8 kHz mono 16 bit, are too long, or replace values."""
    return [found for (name, why) in context.recordings() for found in _recording(context, name, why)]


def _recording(context: Context, name: str, why: Variant) -> Iterator[Finding]:
    route: Route = ("steps", name, "audio", why)
    document, place = context.where(route)
    path = context.recordings()[(name, why)]
    say = context.script.steps[name].say
    if say is None or getattr(say, why) is None:
        message = Text(f"录音 {why} 没有对应的话", f"the recording for {why} has no text")
        yield finding(document, place, "S411", message, Text("在 say 里写上录音里的话", "write its words in `say`"))
    elif template.values(say.text(why)):
        message = Text("有 {值} 的话不能用录音代替", "a sentence with a {value} cannot be a recording")
        yield finding(document, place, "S411", message)
    try:
        data = path.read_bytes()
        audio = wav.read(path)
    except (OSError, SpeechError):
        message = Text(f"没有录音文件 {path.name}，或读不了", f"there is no recording {path.name}, or it is no WAV")
        hint = Text("文件名从写它的话术文件算起", "its name counts from the file it is written in")
        yield finding(document, place, "S410", message, hint)
        return
    if not wav.is_line_audio(data):
        message = Text(f"{path.name} 不是 8 kHz 单声道 16 位的 WAV", f"{path.name} is not 8 kHz mono 16 bit")
        hint = Text(f"sox {path.name} -r 8000 -c 1 -b 16 新文件.wav", f"sox {path.name} -r 8000 -c 1 -b 16 new.wav")
        yield finding(document, place, "S410", message, hint)
    seconds = len(audio) / RATE_HZ
    if not _SHORTEST_S <= seconds <= _LONGEST_S:
        message = Text(f"{path.name} 长 {seconds:.1f} 秒", f"{path.name} is {seconds:.1f} s long")
        hint = Text(f"最短 {_SHORTEST_S} 秒，最长 {_LONGEST_S:.0f} 秒", f"{_SHORTEST_S} to {_LONGEST_S:.0f} s")
        yield finding(document, place, "S410", message, hint)
