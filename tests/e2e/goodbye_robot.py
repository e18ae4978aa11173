"""A robot in a process of its own that ends its calls in every way there is; its prompts are noise, one per text.

``python goodbye_robot.py HOST:PORT ENDING..`` dials the number ``ENDING`` for each and tells what it said last.
"""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zlib import crc32
from zoneinfo import ZoneInfo

import numpy as np

from callbot.call.session import Parts, Session, Watchers
from callbot.dialogue.engine import compile_revision
from callbot.messages import Spoken, TimeUp
from callbot.ports import CallLeg, DialRequest, HandOverResult, NotConnected, Recognition
from callbot.script.revision import build_revision
from callbot.simulate.crowd import free_ports
from callbot.telephony.pjsua2_leg import EndpointConfig, Pjsua2Endpoint
from callbot.turn.taking import TurnPolicy
from callbot.values import Pcm

ROOT = Path(__file__).parents[2]
INPUTS = {"name": "王女士", "order_no": "60731", "due": "128.50", "deadline": "2027-06-30"}
MS_PER_CHARACTER = 40


def sound(text: str) -> Pcm:
    """What a prompt sounds like: noise in syllables, another one for every text, loud to its last moment."""
    noise = np.random.default_rng(crc32(text.encode())).normal(0, 2500, len(text) * MS_PER_CHARACTER * 8)
    at = np.arange(len(noise))
    ramp = np.minimum(1, np.minimum(at, at[::-1]) / 40)
    return np.clip(noise * (0.6 + 0.4 * np.cos(2 * np.pi * at / 1600)) * ramp, -12_000, 12_000).astype(np.int16)


class Prompts:
    def audio(self, pieces: Sequence[str], *, slow: bool = False) -> Pcm:
        return sound("".join(pieces))

    def recorded(self, sha256: str) -> Pcm | None:
        return None

    async def make(self, pieces: Sequence[str]) -> None:
        raise AssertionError("every prompt is ready")


class World:
    """Takes whatever is loud for 是的; no system answers and no agent is there."""

    def speech(self, frame: Pcm) -> float:
        return 1.0 if np.abs(frame).max() > 1000 else 0.0

    def utterance(self, expects: Sequence[str] = ()) -> "World":
        return self

    def push(self, audio: Pcm) -> None:
        pass

    async def result(self) -> Recognition:
        return Recognition("是的", rejected=False, reason="", score=1.0, cpu_ms=0)

    def hurry(self) -> None:
        pass

    def close(self) -> None:
        pass

    async def ask(self, action: str, arguments: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        raise ConnectionError

    async def hand_over(self, leg: CallLeg, queue: str, on_connected: object) -> HandOverResult:
        return "failed"


async def call(endpoint: Pjsua2Endpoint, host: str, ending: str) -> dict[str, str]:
    leg = await endpoint.dial(DialRequest(ending, f"sip:{ending}@{host}", "4008", 5000), lambda: None)
    assert not isinstance(leg, NotConnected), leg
    script = compile_revision(build_revision(ROOT / "scripts_dsl" / "balance_reminder.yaml"))
    said: list[Spoken] = []
    world, prompts = World(), Prompts()
    parts = Parts(
        vad=world,
        recogniser=world,
        prompts=prompts,
        systems=world,
        transfers=world,
        make_prompts=prompts.make,
        policy=TurnPolicy(),
    )
    now = datetime(2026, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    session = Session(leg, script, INPUTS, now, parts, Watchers(lambda h, s: None, said.append, lambda step: None))
    if ending == "shutdown":
        asyncio.get_running_loop().call_later(1.0, session.post, TimeUp("shutdown"))
    conversation = await session.run()
    last = [line for line in said if line.who == "robot"][-1].text
    return {"ending": ending, "by": conversation.hung_up_by, "outcome": conversation.end.outcome, "goodbye": last}


async def main() -> None:
    host, *endings = sys.argv[1:]
    endpoint = await Pjsua2Endpoint.start(EndpointConfig("127.0.0.1", 0, free_ports(200)))
    try:
        results = await asyncio.gather(*(call(endpoint, host, ending) for ending in endings))
    finally:
        await endpoint.close()
    sys.stdout.write(json.dumps(results) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
