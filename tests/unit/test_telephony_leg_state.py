"""What SIP statuses mean, and which frames belong to which prompt."""

import numpy as np
import pytest

from callbot.ports import NotConnected
from callbot.telephony.leg_state import (
    LEAD_TICKS,
    TONE,
    HangUpReason,
    Key,
    KeyFilter,
    Order,
    Playback,
    RtpWatch,
    ended_by,
    not_connected,
    q850_cause,
)
from callbot.values import Disposition, Pcm

pytestmark = pytest.mark.unit


def test_only_a_plain_refusal_lets_another_trunk_try() -> None:
    assert not_connected(503).trunk_failed
    assert not not_connected(503, cause=17).trunk_failed
    assert not not_connected(408).trunk_failed
    assert not not_connected(0, "silent").trunk_failed


@pytest.mark.parametrize(
    ("status", "reason", "disposition"),
    [
        (486, "", Disposition.BUSY),
        (600, "", Disposition.BUSY),
        (603, "", Disposition.REJECTED),
        (403, "", Disposition.REJECTED),
        (404, "", Disposition.NOT_FOUND),
        (604, "", Disposition.NOT_FOUND),
        (410, "", Disposition.NOT_FOUND),
        (484, "", Disposition.NOT_FOUND),
        (480, "", Disposition.NO_ANSWER),
        (408, "", Disposition.NO_ANSWER),
        (503, "", Disposition.UNREACHABLE),
        (500, "", Disposition.FAILED),
        (488, "", Disposition.FAILED),
        (487, "ring_limit", Disposition.NO_ANSWER),
        (487, "cancelled", Disposition.CANCELLED),
        (487, "silent", Disposition.UNREACHABLE),
        (603, "no_ack", Disposition.FAILED),
    ],
)
def test_outcome_of_dialling(status: int, reason: HangUpReason, disposition: Disposition) -> None:
    assert not_connected(status, reason) == NotConnected(disposition, status)


@pytest.mark.parametrize(
    ("status", "reason", "by"),
    [
        (200, "", "customer"),
        (200, "robot", "robot"),
        (200, "no_rtp", "network"),
        (408, "", "network"),
        (503, "", "network"),
    ],
)
def test_who_ended_a_call(status: int, reason: HangUpReason, by: str) -> None:
    assert ended_by(status, reason) == by


def test_a_key_sent_both_ways_counts_once() -> None:
    keys = KeyFilter()
    assert keys.passes(Key("1", 0), 100)
    assert not keys.passes(Key("1", 1), 105)
    assert keys.passes(Key("1", 0), 110)  # pressed twice, quickly, by the same method
    assert keys.passes(Key("2", 1), 111)
    assert keys.passes(Key("2", 0), 160)  # long after: another press


def test_a_way_that_lags_behind_by_a_whole_key_brings_no_echo() -> None:
    keys = KeyFilter()
    reports = [("1", 0), ("2", 0), ("1", TONE), ("2", 0), ("2", TONE), ("2", TONE), ("1", 1), ("2", 1), ("2", 1)]
    assert [key for tick, (key, way) in enumerate(reports) if keys.passes(Key(key, way), tick)] == ["1", "2", "2"]


def test_rtp_watch() -> None:
    watch = RtpWatch(8000)
    assert not watch.dead(0, 50)
    assert not watch.dead(0, 449)
    assert watch.dead(0, 450)
    assert not watch.dead(1, 451)
    assert not watch.dead(1, 850)
    assert watch.dead(1, 851)


class Bridge:
    """A bridge that carries out orders one tick later and remembers what was heard of which prompt."""

    def __init__(self) -> None:
        self.playback = Playback()
        self.frame = 0
        self.heard: list[int] = []  # marker of the prompt in each tick, 0 for silence
        self.said: list[int] = []
        self._audio: list[int] = []
        self._connected = False

    def tick(self, times: int = 1) -> None:
        for _ in range(times):
            self.frame += 1
            mark = (self._audio.pop(0) if self._audio else 0) if self._connected else 0
            self.heard.append(mark)
            # The player goes on with the slot's silence when the prompt is over: frames are not empty then either.
            said = self.playback.mouth(self.frame, empty=not self._connected)
            if said is not None:
                self.said.append(said)
            self._carry_out()

    def _carry_out(self) -> None:
        for order in self.playback.take_orders():
            match order:
                case Order.LOAD:
                    assert not self._connected, "loaded into a player that plays"
                    assert self.playback.audio is not None
                    self._audio = [int(x) for x in self.playback.audio[::160]]
                    self._connected = True
                case Order.CONNECT:
                    self._connected = True
                case Order.SILENCE:
                    self._connected = False
                    self.playback.silenced(self.frame)


def prompt(mark: int, frames: int) -> Pcm:
    return np.full(frames * 160, mark, np.int16)


def started(bridge: Bridge, mark: int, frames: int) -> None:
    bridge.playback.play(prompt(mark, frames), mark)
    bridge.tick(LEAD_TICKS)


def test_a_prompt_is_said_to_its_last_frame_after_the_lead() -> None:
    bridge = Bridge()
    started(bridge, 7, 5)
    assert bridge.heard == [0] * LEAD_TICKS
    bridge.tick(4)
    assert bridge.said == []
    bridge.tick(1)
    assert bridge.said == [7]
    assert bridge.heard[LEAD_TICKS:] == [7] * 5
    bridge.tick(20)
    assert bridge.said == [7]


def test_a_replaced_prompt_is_never_said_and_the_new_one_is_whole() -> None:
    bridge = Bridge()
    started(bridge, 1, 50)
    bridge.tick(10)
    bridge.playback.play(prompt(2, 5), 2)
    bridge.tick(20)
    assert bridge.said == [2]
    assert bridge.heard.count(2) == 5
    assert bridge.heard.index(2) - max(i for i, mark in enumerate(bridge.heard) if mark == 1) <= 4  # 80 ms


def test_several_replacements_within_one_tick_play_only_the_last() -> None:
    bridge = Bridge()
    started(bridge, 1, 50)
    bridge.tick(3)
    for mark in (2, 3, 4):
        bridge.playback.play(prompt(mark, 5), mark)
    bridge.tick(20)
    assert bridge.said == [4]
    assert {2, 3}.isdisjoint(bridge.heard)


def test_pause_keeps_the_place() -> None:
    bridge = Bridge()
    started(bridge, 1, 10)
    bridge.tick(4)
    bridge.playback.pause()
    assert bridge.playback.busy
    bridge.tick(20)
    paused = bridge.heard[-15:]
    bridge.playback.resume()
    bridge.tick(20)
    assert set(paused) == {0}
    assert bridge.said == [1]
    assert bridge.heard.count(1) == 10


def test_a_prompt_paused_before_it_began_waits() -> None:
    bridge = Bridge()
    bridge.playback.play(prompt(1, 3), 1)
    bridge.playback.pause()
    bridge.tick(20)
    assert set(bridge.heard) == {0}
    bridge.playback.resume()
    bridge.tick(6)
    assert bridge.said == [1]


def test_stop_forgets_even_what_was_paused_or_waiting() -> None:
    bridge = Bridge()
    started(bridge, 1, 50)
    bridge.tick(3)
    bridge.playback.pause()
    bridge.playback.stop()
    bridge.playback.resume()
    bridge.tick(10)
    assert not bridge.playback.busy
    assert bridge.said == []
    assert bridge.heard[-8:] == [0] * 8


def test_audio_longer_than_a_slot_is_refused() -> None:
    with pytest.raises(ValueError, match="slot"):
        Playback().play(np.zeros(121 * 8000, np.int16), 1)


@pytest.mark.parametrize(
    ("header", "cause"),
    [
        ('Reason: Q.850;cause=17;text="user busy"', 17),
        ("reason : SIP;cause=200, q.850 ; cause = 1", 1),
        ("Reason: SIP;cause=486", 0),
        ("X-Reason: Q.850;cause=17", 0),
        ("", 0),
    ],
)
def test_the_cause_a_gateway_gives(header: str, cause: int) -> None:
    assert q850_cause(f"SIP/2.0 480 x\r\n{header}\r\nContent-Length: 0\r\n\r\n") == cause


def test_a_cause_is_surer_than_the_status() -> None:
    assert not_connected(480, cause=17) == NotConnected(Disposition.BUSY, 480)
    assert not_connected(503, cause=1) == NotConnected(Disposition.NOT_FOUND, 503)
    assert not_connected(480, cause=127) == NotConnected(Disposition.NO_ANSWER, 480)
    assert not_connected(487, "ring_limit", 17) == NotConnected(Disposition.NO_ANSWER, 487)
