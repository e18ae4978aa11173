import struct
from pathlib import Path

import numpy as np
import pytest

from callbot.audio import pcm, wav
from callbot.errors import SpeechError
from callbot.values import RATE_HZ

pytestmark = pytest.mark.unit

TONE = pcm.to_int16(0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ))


def file(
    tag: int, bits: int, body: bytes, *, rate_hz: int = RATE_HZ, channels: int = 1, extensible: bool = False
) -> bytes:
    frame = channels * bits // 8
    shape = struct.pack("<HHIIHH", 0xFFFE if extensible else tag, channels, rate_hz, rate_hz * frame, frame, bits)
    if extensible:
        shape += struct.pack("<HHIH", 22, bits, 0, tag) + b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
    junk = b"LIST" + struct.pack("<I", 3) + b"abc\x00"
    chunks = b"WAVEfmt " + struct.pack("<I", len(shape)) + shape + junk + b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


FLOATS = TONE / 32768
FORMATS = {
    "8 bit": file(1, 8, np.rint(FLOATS * 127 + 128).astype(np.uint8).tobytes()),
    "16 bit": file(1, 16, TONE.astype("<i2").tobytes()),
    "24 bit": file(1, 24, (TONE.astype("<i4") << 8).view(np.uint8).reshape(-1, 4)[:, :3].tobytes()),
    "32 bit": file(1, 32, (TONE.astype("<i4") << 16).tobytes()),
    "float": file(3, 32, FLOATS.astype("<f4").tobytes()),
    "double": file(3, 64, FLOATS.astype("<f8").tobytes()),
    "A-law": file(6, 8, pcm.alaw_encoded(TONE).tobytes()),
    "µ-law": file(7, 8, pcm.ulaw_encoded(TONE).tobytes()),
    "extensible": file(1, 16, TONE.astype("<i2").tobytes(), extensible=True),
    "stereo": file(1, 16, np.repeat(TONE, 2).astype("<i2").tobytes(), channels=2),
    "16 kHz": file(1, 16, pcm.to_int16(pcm.resampled(pcm.to_float(TONE), 8000, 16000)).tobytes(), rate_hz=16000),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_usual_format_is_read_as_line_audio(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(FORMATS[name])
    audio = wav.read(path)
    assert audio.dtype == np.int16
    assert len(audio) == len(TONE)
    assert np.abs(audio[100:-100].astype(int) - TONE[100:-100].astype(int)).max() < 700


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"not a wav file at all",
        FORMATS["16 bit"][:30],
        file(2, 4, b"\x00" * 100),
        file(1, 16, b"", rate_hz=1),
        FORMATS["16 bit"][:36],
    ],
    ids=["empty", "stub", "text", "cut header", "adpcm", "odd rate", "no data"],
)
def test_what_is_no_wav_file_gets_a_sentence_with_its_name(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "b.wav"
    path.write_bytes(data)
    with pytest.raises(SpeechError) as caught:
        wav.read(path)
    assert "b.wav" in caught.value.text.zh
    assert "b.wav" in caught.value.text.en


def test_a_missing_file_and_a_folder_get_a_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.wav", tmp_path):
        with pytest.raises(SpeechError) as caught:
            wav.read(path)
        assert str(path) in str(caught.value)


def test_a_file_cut_short_gives_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "c.wav"
    path.write_bytes(FORMATS["16 bit"][:-1001])
    assert len(TONE) - 510 < len(wav.read(path)) < len(TONE)


def test_two_channels_are_written_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "d.wav"
    wav.write(path, TONE, TONE[:4000])
    data = path.read_bytes()
    assert struct.unpack_from("<H", data, 22)[0] == 2
    frames = np.frombuffer(data[44:], "<i2").reshape(-1, 2)
    assert np.array_equal(frames[:, 0], TONE)
    assert np.array_equal(frames[:4000, 1], TONE[:4000])
    assert not frames[4000:, 1].any()


def test_writing_leaves_nothing_half_done(tmp_path: Path) -> None:
    wav.write(tmp_path / "e.wav", TONE)
    assert [path.name for path in tmp_path.iterdir()] == ["e.wav"]
    assert np.array_equal(wav.read(tmp_path / "e.wav"), TONE)
    with pytest.raises(SpeechError):
        wav.write(tmp_path / "no" / "f.wav", TONE)
