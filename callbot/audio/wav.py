"""WAV files: whatever a telephone system or an editor wrote comes in as 8 kHz int16; what we write is plain PCM.

Parsed here rather than by the standard library, which refuses the two formats telephony uses most: G.711 and
WAVE_FORMAT_EXTENSIBLE.
"""

import os
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callbot.audio import pcm
from callbot.errors import SpeechError
from callbot.language import Text
from callbot.values import RATE_HZ, Pcm

_PCM, _EXTENSIBLE = 1, 0xFFFE  # mmreg.h; float is 3, A-law 6, µ-law 7


class _NotReadableError(Exception):
    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(zh, en)


@dataclass(frozen=True, slots=True)
class _Format:
    tag: int
    channels: int
    rate_hz: int
    bits: int


def read(path: Path) -> Pcm:
    """A WAV file as 8 kHz mono, channels averaged.

    PCM of 8 to 32 bits, float, A-law, µ-law, 4 to 192 kHz. A file cut short gives what is there.
    Errors: ``SpeechError``.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SpeechError(
            Text(f"读不了 {path}：{error.strerror or error}。", f"{path} cannot be read: {error.strerror or error}.")
        ) from None
    try:
        return decoded(data)
    except _NotReadableError as error:
        raise SpeechError(
            Text(
                f"{path} 不能用：{error.text.zh}。请提供未压缩的 WAV 文件，例如 sox 原文件 -r 8000 -c 1 新文件.wav",
                f"{path} cannot be used: {error.text.en}. Give an uncompressed WAV file, "
                f"for instance by `sox original -r 8000 -c 1 new.wav`",
            )
        ) from None


def decoded(data: bytes) -> Pcm:
    """The bytes of a WAV file as 8 kHz mono. Raises a private error with both languages; use ``read`` for files."""
    shape, body = _parts(data)
    return _at_line_rate(_samples(body, shape), shape)


def is_line_audio(data: bytes) -> bool:
    """Whether the bytes are a WAV file just as prompts are played: 8 kHz, mono, 16 bit PCM."""
    try:
        shape, _ = _parts(data)
    except _NotReadableError:
        return False
    return shape == _Format(_PCM, 1, RATE_HZ, 16)


def _parts(data: bytes) -> tuple[_Format, bytes]:
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise _NotReadableError("它不是 WAV 文件", "it is not a WAV file")
    shape: _Format | None = None
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        body = data[at + 8 : at + 8 + size]
        if name == b"fmt ":
            shape = _format(body)
        elif name == b"data" and shape is not None:
            return shape, body
        at += 8 + size + size % 2
    raise _NotReadableError("里面没有声音数据", "there is no audio in it")


def write(path: Path, *channels: Pcm) -> None:
    """Write one or two channels of 8 kHz int16, whole or not at all (a reader never sees half a file).

    The shorter channel is filled up with silence. Errors: ``SpeechError``.
    """
    data = encoded(*channels)
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SpeechError(
            Text(f"写不了 {path}：{error.strerror or error}。", f"{path} cannot be written: {error.strerror or error}.")
        ) from None


def encoded(*channels: Pcm) -> bytes:
    """The bytes of a WAV file, 8 kHz 16 bit, of so many channels."""
    length = max(len(channel) for channel in channels)
    body = np.zeros((length, len(channels)), "<i2")
    for number, channel in enumerate(channels):
        body[: len(channel), number] = channel
    frame = 2 * len(channels)
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + body.nbytes, b"WAVE", b"fmt ", 16, _PCM, len(channels), RATE_HZ, RATE_HZ * frame, frame, 16),
        *(b"data", body.nbytes),
    )
    return head + body.tobytes()


def _format(body: bytes) -> _Format:
    if len(body) < 16:
        raise _NotReadableError("文件头不完整", "its header is cut off")
    tag, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if tag == _EXTENSIBLE and len(body) >= 26:
        tag = struct.unpack_from("<H", body, 24)[0]  # the first two bytes of the sub-format's GUID
    if not 1 <= channels <= 64 or not 4000 <= rate_hz <= 192_000:
        raise _NotReadableError(f"{channels} 声道 {rate_hz} Hz", f"it has {channels} channels at {rate_hz} Hz")
    return _Format(tag, channels, rate_hz, bits)


def _samples(body: bytes, shape: _Format) -> NDArray[np.float32]:
    """All channels interleaved, floats in -1..1; a last incomplete frame is left away."""
    width = max(1, shape.bits // 8)
    body = body[: len(body) // (width * shape.channels) * width * shape.channels]
    match shape.tag, shape.bits:
        case (1, 8):
            return (np.frombuffer(body, np.uint8).astype(np.float32) - np.float32(128)) / np.float32(128)
        case (1, 16):
            return pcm.to_float(np.frombuffer(body, "<i2"))
        case (1, 24):
            wide = np.zeros((len(body) // 3, 4), np.uint8)
            wide[:, 1:] = np.frombuffer(body, np.uint8).reshape(-1, 3)
            return wide.reshape(-1).view("<i4").astype(np.float32) / np.float32(2**31)
        case (1, 32):
            return np.frombuffer(body, "<i4").astype(np.float32) / np.float32(2**31)
        case (3, 32) | (3, 64):
            return np.nan_to_num(np.frombuffer(body, f"<f{width}").astype(np.float32))
        case (6, 8):
            return pcm.to_float(pcm.alaw_decoded(np.frombuffer(body, np.uint8)))
        case (7, 8):
            return pcm.to_float(pcm.ulaw_decoded(np.frombuffer(body, np.uint8)))
    raise _NotReadableError(
        f"编码方式 {shape.tag}（{shape.bits} 位）不支持",
        f"its encoding {shape.tag} with {shape.bits} bits is not known",
    )


def _at_line_rate(samples: NDArray[np.float32], shape: _Format) -> Pcm:
    mono = samples.reshape(-1, shape.channels).mean(axis=1)
    return pcm.to_int16(pcm.resampled(mono, shape.rate_hz, RATE_HZ))
