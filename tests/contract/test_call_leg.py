"""What every ``ports.CallLeg`` does: the recording in the laboratory and the real call on the network alike."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from legs_stages import CUSTOMER_SAYS_MS, Events, Stage, length_of_tone, sip_stage, tone, wav_stage

from callbot.ports import LegEnded, LegPlayed, Ticks

pytestmark = pytest.mark.contract

MakeStage = Callable[[Path], AbstractAsyncContextManager[Stage]]


@pytest.fixture(params=[wav_stage, sip_stage], ids=["wav", "pjsua2"])
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    make: MakeStage = request.param
    async with make(tmp_path) as made:
        yield made


def events_of(stage: Stage) -> Events:
    assert isinstance(stage.events, Events)
    return stage.events


async def passes(stage: Stage, ms: int) -> None:
    events = events_of(stage)
    target = events.passed_ms + ms
    await stage.until(lambda: events.passed_ms >= target)


async def ends(stage: Stage) -> None:
    await stage.until(lambda: any(isinstance(event, LegEnded) for event in stage.events))


def played(stage: Stage) -> list[int]:
    return [event.number for event in stage.events if isinstance(event, LegPlayed)]


async def test_ticks_are_whole_frames_of_both_sides(stage: Stage) -> None:
    await passes(stage, 1500)
    for event in stage.events:
        assert isinstance(event, Ticks)
        assert len(event.heard) == len(event.spoken) > 0
        assert len(event.heard) % 160 == 0
    said_ms = CUSTOMER_SAYS_MS[1] - CUSTOMER_SAYS_MS[0]
    assert length_of_tone(events_of(stage).heard, 500) == pytest.approx(said_ms, abs=40)


async def test_a_prompt_is_played_whole_and_reported_once(stage: Stage) -> None:
    stage.leg.play(tone(1000, 600), 1)
    await stage.until(lambda: played(stage) == [1])
    assert length_of_tone(events_of(stage).spoken, 1000) == pytest.approx(600, abs=20)
    await passes(stage, 300)
    assert played(stage) == [1]
    stage.leg.hang_up()
    await ends(stage)
    assert length_of_tone(await stage.far_end(), 1000) == pytest.approx(600, abs=20)


async def test_a_prompt_played_instead_of_another_is_the_only_one_reported(stage: Stage) -> None:
    stage.leg.play(tone(1000, 2000), 1)
    await passes(stage, 400)
    stage.leg.play(tone(2000, 300), 2)
    await stage.until(lambda: bool(played(stage)))
    await passes(stage, 200)
    assert played(stage) == [2]
    stage.leg.hang_up()
    await ends(stage)
    far = await stage.far_end()
    assert length_of_tone(far, 2000) == pytest.approx(300, abs=20)
    assert 200 <= length_of_tone(far, 1000) <= 500


async def test_pause_is_silent_and_resume_goes_on(stage: Stage) -> None:
    stage.leg.play(tone(1000, 800), 1)
    await passes(stage, 400)
    stage.leg.pause()
    await passes(stage, 60)
    quiet_from = events_of(stage).passed_ms
    await passes(stage, 300)
    assert not events_of(stage).spoken[quiet_from * 8 :].any()
    assert played(stage) == []
    stage.leg.resume()
    await stage.until(lambda: played(stage) == [1])
    stage.leg.hang_up()
    await ends(stage)
    assert length_of_tone(await stage.far_end(), 1000) == pytest.approx(800, abs=40)


async def test_stop_forgets_the_prompt(stage: Stage) -> None:
    stage.leg.play(tone(1000, 2000), 1)
    await passes(stage, 300)
    stage.leg.stop()
    stage.leg.resume()
    await passes(stage, 60)
    quiet_from = events_of(stage).passed_ms
    await passes(stage, 300)
    assert not events_of(stage).spoken[quiet_from * 8 :].any()
    assert played(stage) == []


async def test_many_prompts_in_a_row_are_all_heard(stage: Stage) -> None:
    """Short ones too: the player's read-ahead must never serve what the slot held before."""
    for number, hz in enumerate((1000, 1500, 2000, 2500, 3000), 1):
        stage.leg.play(tone(hz, 160), number)
        await stage.until(lambda number=number: number in played(stage))  # type: ignore[misc]
    stage.leg.hang_up()
    await ends(stage)
    far = await stage.far_end()
    for hz in (1000, 1500, 2000, 2500, 3000):
        assert length_of_tone(far, hz) == pytest.approx(160, abs=20)


async def test_hang_up_ends_once_and_nothing_happens_afterwards(stage: Stage) -> None:
    await passes(stage, 100)
    stage.leg.hang_up()
    stage.leg.hang_up()
    await ends(stage)
    stage.leg.play(tone(1000, 100), 9)
    stage.leg.pause()
    stage.leg.resume()
    stage.leg.stop()
    stage.leg.hang_up()
    last = stage.events[-1]
    assert isinstance(last, LegEnded)
    assert last.by == "robot"
    assert sum(isinstance(event, LegEnded) for event in stage.events) == 1
    await stage.far_end()
    assert stage.events[-1] is last
