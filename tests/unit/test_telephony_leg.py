"""A leg on a wire of paper: what it orders from the SIP side and what it tells its session."""

from collections.abc import Callable

import numpy as np
import pytest

from callbot.audio.dtmf import key_tones
from callbot.ports import LegEnded, LegEvent, LegKey, LegPlayed, Ticks
from callbot.telephony.leg import SipLeg
from callbot.telephony.leg_state import LEAD_TICKS, TAIL_TICKS, Gone, HangUpReason, Key, MediaChanged
from callbot.values import Pcm

pytestmark = pytest.mark.unit

SOUND = np.full(160, 500, np.int16).tobytes()


class Paper:
    """A wire that does everything at once and notes it."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.playing = False
        self.frame = 0
        self.packets = 0

    def connect_ear(self) -> None:
        self.done.append("ear")

    def load(self, audio: Pcm) -> None:
        self.done.append(f"load {len(audio)}")
        self.playing = True

    def connect(self) -> None:
        self.done.append("connect")
        self.playing = True

    def silence(self, done: Callable[[int], None]) -> None:
        self.done.append("silence")
        self.playing = False
        done(self.frame)

    def count_packets(self, done: Callable[[int], None]) -> None:
        done(self.packets)

    def press(self, key: str) -> None:
        self.done.append(f"press {key}")

    def hang_up(self, reason: HangUpReason) -> None:
        self.done.append(f"bye {reason}")


class Case:
    def __init__(self) -> None:
        self.wire = Paper()
        self.leg = SipLeg(self.wire, no_rtp_ms=3000)
        self.events: list[LegEvent] = []
        self.leg.listen(self.events.append)

    def pass_ticks(self, count: int, *, packets: int = 1, at_once: int = 1) -> None:
        for _ in range(count // at_once):
            frames = []
            for _ in range(at_once):
                self.wire.frame += 1
                self.wire.packets += packets
                frames.append((self.wire.frame, b"", SOUND if self.wire.playing else b""))
            self.leg.on_frames(frames)

    def kinds(self) -> list[LegEvent]:
        return [event for event in self.events if not isinstance(event, Ticks)]


def test_ticks_are_equal_whole_frames_and_silence_where_nothing_came() -> None:
    case = Case()
    case.leg.on_frames([(1, SOUND, b""), (2, b"", SOUND)])
    (ticks,) = case.events
    assert isinstance(ticks, Ticks)
    assert len(ticks.heard) == len(ticks.spoken) == 320
    assert ticks.heard[:160].tolist() == [500] * 160
    assert not ticks.heard[160:].any()
    assert not ticks.spoken[:160].any()


def test_played_comes_right_after_the_tick_that_ended_it() -> None:
    case = Case()
    case.leg.play(np.zeros(3 * 160, np.int16), 4)
    case.pass_ticks(LEAD_TICKS)
    case.events.clear()
    case.pass_ticks(8, at_once=8)
    first, played, rest = case.events
    assert isinstance(first, Ticks)
    assert isinstance(rest, Ticks)
    assert (len(first.spoken), played, len(rest.spoken)) == (3 * 160, LegPlayed(4), 5 * 160)


def test_events_before_listen_are_kept_in_order() -> None:
    leg = SipLeg(Paper(), 3000)
    leg.on_frames([(1, SOUND, b"")])
    leg.on_event(Key("5", 0))
    leg.on_event(Gone(200))
    events: list[LegEvent] = []
    leg.listen(events.append)
    assert [type(event) for event in events] == [Ticks, LegKey, LegEnded]


def test_hang_up_after_a_prompt_waits_for_its_tail() -> None:
    case = Case()
    case.leg.play(np.zeros(160, np.int16), 1)
    case.pass_ticks(LEAD_TICKS + 1)
    case.leg.hang_up()
    case.pass_ticks(TAIL_TICKS - 1)
    assert "bye robot" not in case.wire.done
    case.pass_ticks(1)
    assert case.wire.done.count("bye robot") == 1
    case.leg.on_event(Gone(200))
    case.pass_ticks(5)
    assert case.kinds() == [LegPlayed(1), LegEnded("robot", 200)]
    assert case.events[-1] == LegEnded("robot", 200)


def test_hang_up_in_the_middle_of_a_prompt_is_at_once() -> None:
    case = Case()
    case.leg.play(np.zeros(16_000, np.int16), 1)
    case.pass_ticks(10)
    case.leg.hang_up()
    assert case.wire.done[-2:] == ["silence", "bye robot"]


def test_calls_after_the_end_do_nothing() -> None:
    case = Case()
    case.leg.on_event(Gone(200))
    case.leg.play(np.zeros(160, np.int16), 1)
    case.leg.pause()
    case.leg.resume()
    case.leg.stop()
    case.leg.hang_up()
    case.leg.press("1")
    case.leg.on_event(Key("1", 0))
    case.leg.on_event(Gone(200))
    assert case.wire.done == []
    assert case.events == [LegEnded("customer", 200)]


def test_a_dead_peer_is_hung_up_by_the_network() -> None:
    case = Case()
    case.pass_ticks(500)
    case.pass_ticks(149, packets=0)
    assert case.wire.done == []
    case.pass_ticks(51, packets=0)
    assert case.wire.done == ["bye no_rtp"]
    case.leg.on_event(Gone(200))
    assert case.kinds() == [LegEnded("network", 200)]


def test_a_new_stream_is_connected_again() -> None:
    case = Case()
    case.leg.on_event(MediaChanged())
    assert case.wire.done == ["ear"]


def test_a_key_heard_as_a_tone_is_told_once_whatever_else_reports_it() -> None:
    case = Case()
    tones = key_tones("36", tone_ms=100, pause_ms=60)
    for number, at in enumerate(range(0, len(tones) - 159, 160)):
        if at == 480:
            case.leg.on_event(Key("3", 0))
        case.leg.on_frames([(number, tones[at : at + 160].tobytes(), b"")])
    assert [event for event in case.events if isinstance(event, LegKey)] == [LegKey("3"), LegKey("6")]
