"""Loads of the telephony figures, each in a process of its own; prints one line of JSON.

::

    python -m tests.bench.telephony_load bare PORT CALLS SECONDS    pjsua2 alone: native player, capture port
    python -m tests.bench.telephony_load leg  PORT CALLS SECONDS    callbot's legs, hearing stubbed
    python -m tests.bench.telephony_load many PORT CALLS AT_ONCE    calls of 5 s, memory half way and at the end
"""

import asyncio
import ctypes
import gc
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pjsua2 as pj

from callbot.audio import wav
from callbot.errors import TelephonyError
from callbot.ports import DialRequest, LegEnded, LegEvent, LegPlayed, NotConnected
from callbot.simulate.crowd import RTP_PORTS, free_ports
from callbot.telephony.config import codec_priority, filled
from callbot.telephony.leg import SipLeg
from callbot.telephony.pjsua2_leg import EndpointConfig, Pjsua2Endpoint

_PROMPT_S = 10
_CALL_S = 5.0
_SETTLE_S = 2.0
"""Between the last pick-up and the measurement."""
_AT_ONCE_INVITES = 10
_KEPT: list[Any] = []
"""Calls of bare pjsua2, never destroyed: the packaged PJSIP aborts when that happens while they end."""


def sentence(seconds: float) -> Any:
    """Noise at the loudness of speech."""
    return np.random.default_rng(1).normal(0, 2500, int(8000 * seconds)).astype(np.int16)


def config(calls: int) -> EndpointConfig:
    """An endpoint for that many calls."""
    return EndpointConfig("127.0.0.1", 0, free_ports(max(RTP_PORTS, 3 * calls)), rtp_ports=max(RTP_PORTS, 3 * calls))


def per_call_minute(cpu_s: float, calls: int, seconds: float) -> dict[str, float]:
    """The measurement that ``bare`` and ``leg`` share."""
    return {"cpu_s_per_call_minute": round(cpu_s / (calls * seconds / 60), 3), "rss_mb": rss_mb()}


def rss_mb() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


# ---------------------------------------------------------------- pjsua2 alone


class Capture(pj.AudioMediaPort):  # type: ignore[misc]
    """Takes each frame's bytes the fast way and forgets them."""

    def onFrameReceived(self, frame: Any) -> None:  # noqa: N802
        if frame.size:
            ctypes.string_at(ctypes.c_size_t.from_address(int(frame.this) + 8).value, frame.size)


class BareCall(pj.Call):  # type: ignore[misc]
    """Connects player and capture port when the audio is there."""

    def __init__(self, account: Any, recording: Path) -> None:
        super().__init__(account)
        self.connected = False
        self.capture = Capture()
        audio = pj.MediaFormatAudio()
        audio.init(pj.PJMEDIA_FORMAT_L16, 8000, 1, 20_000, 16)
        self.capture.createPort("capture", audio)
        self.player = pj.AudioMediaPlayer()
        self.player.createPlayer(str(recording))

    def onCallMediaState(self, prm: Any) -> None:  # noqa: N802
        if not self.connected:
            self.connected = True
            self.media = self.getAudioMedia(-1)
            self.media.startTransmit(self.capture)
            self.player.startTransmit(self.media)


def bare(port: int, calls: int, seconds: float) -> dict[str, float]:
    """pjsua2 with the settings of callbot, and nothing of callbot while it is measured."""
    settings = config(calls)
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    endpoint.libInit(filled(pj.EpConfig(), settings))
    endpoint.audDevManager().setNullDev()
    for codec in endpoint.codecEnum2():
        endpoint.codecSetPriority(codec.codecId, codec_priority(codec.codecId, settings.codecs))
    transport = pj.TransportConfig()
    transport.boundAddress = "127.0.0.1"
    endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
    endpoint.libStart()
    account_config = pj.AccountConfig()
    account_config.idUri = "sip:bare@127.0.0.1"
    account_config.mediaConfig.transportConfig.port = settings.rtp_port
    account_config.mediaConfig.transportConfig.portRange = settings.rtp_ports
    account = pj.Account()
    account.create(account_config)
    options = pj.CallOpParam(True)
    options.opt.videoCount = 0
    if hasattr(options.opt, "textCount"):
        options.opt.textCount = 0
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "prompt.wav"
        wav.write(recording, sentence(_PROMPT_S))
        made = [BareCall(account, recording) for _ in range(calls)]
        _KEPT.extend(made)
        for call in made:
            call.makeCall(f"sip:1@127.0.0.1:{port}", options)
        while not all(call.connected for call in made):
            time.sleep(0.05)
        time.sleep(_SETTLE_S)
        before = time.process_time()
        time.sleep(seconds)
        used = time.process_time() - before
    endpoint.hangupAllCalls()
    return per_call_minute(used, calls, seconds)


# ---------------------------------------------------------------- callbot's legs


class Talk:
    """A connected leg that says its sentence again and again, or once."""

    def __init__(self, leg: SipLeg, audio: Any, again: bool) -> None:
        self.ended: asyncio.Future[LegEnded] = asyncio.get_running_loop().create_future()
        self.said = 0
        self._leg, self._audio, self._again = leg, audio, again
        leg.listen(self._post)
        leg.play(audio, 0)

    def _post(self, event: LegEvent) -> None:
        match event:
            case LegPlayed():
                self.said += 1
                if self._again:
                    self._leg.play(self._audio, self.said)
            case LegEnded():
                self.ended.set_result(event)
            case _:
                pass  # nobody hears


async def dialled(endpoint: Pjsua2Endpoint, port: int) -> SipLeg:
    """A connected leg."""
    leg = await endpoint.dial(DialRequest("bench", f"sip:1@127.0.0.1:{port}", "1", 20_000), lambda: None)
    if isinstance(leg, NotConnected):
        raise RuntimeError(str(leg))  # noqa: TRY004 - an outcome, not a type
    return leg


async def leg(port: int, calls: int, seconds: float) -> dict[str, float]:
    """Callbot's endpoint and legs, playing all the time."""
    endpoint = await Pjsua2Endpoint.start(config(calls))
    audio = sentence(_PROMPT_S)
    talks = [Talk(await dialled(endpoint, port), audio, again=True) for _ in range(calls)]
    await asyncio.sleep(_SETTLE_S)
    before = time.process_time()
    await asyncio.sleep(seconds)
    used = time.process_time() - before
    measured = per_call_minute(used, calls, seconds)
    await endpoint.close()
    assert all(talk.ended.done() for talk in talks)
    return measured


async def many(port: int, calls: int, at_once: int) -> dict[str, float]:
    """Short calls: how many were good from the first word to BYE, and memory half way and at the end."""
    endpoint = await Pjsua2Endpoint.start(config(at_once))
    audio = sentence(_CALL_S - 1)
    room, dialling = asyncio.Semaphore(at_once), asyncio.Semaphore(_AT_ONCE_INVITES)
    good = cut_short = not_connected = 0

    async def one() -> None:
        nonlocal good, cut_short, not_connected
        async with room:
            try:
                async with dialling:
                    connected = await dialled(endpoint, port)
            except (RuntimeError, TelephonyError):
                not_connected += 1
                return
            talk = Talk(connected, audio, again=False)
            await asyncio.sleep(_CALL_S)
            connected.hang_up()
            ended = await talk.ended
            good += ended == LegEnded("robot", 200) and talk.said == 1
            cut_short += talk.said == 0  # the sentence was not over when we hung up: the machine was late

    memory = []
    begun = time.monotonic()
    for part in (calls // 2, calls - calls // 2):
        await asyncio.gather(*(one() for _ in range(part)))
        gc.collect()
        memory.append(rss_mb())
    took = time.monotonic() - begun
    busy = endpoint.busy_legs
    await endpoint.close()
    return {
        "calls": calls,
        "good": good,
        "cut_short": cut_short,
        "not_connected": not_connected,
        "legs_left": busy,
        "rss_half_mb": memory[0],
        "rss_end_mb": memory[1],
        "seconds": round(took),
    }


def main() -> None:
    """Run one load and leave at once: what PJSIP would tidy up is of no interest here."""
    role, port, calls, last = sys.argv[1], *map(int, sys.argv[2:5])
    match role:
        case "bare":
            found = bare(port, calls, last)
        case "leg":
            found = asyncio.run(leg(port, calls, last))
        case _:
            found = asyncio.run(many(port, calls, last))
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
