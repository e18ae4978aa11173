"""Calling hours, on the clocks of the people who are called."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from callbot.campaign.rules import Window, refusal
from callbot.settings import CampaignSettings

pytestmark = pytest.mark.unit

SHANGHAI = Window.of(CampaignSettings())
BERLIN = Window(ZoneInfo("Europe/Berlin"), time(9), time(20))


@pytest.mark.parametrize(
    ("utc", "window", "until"),
    [
        ("2026-06-01T00:59:59", SHANGHAI, "2026-06-01T01:00:00"),
        ("2026-06-01T01:00:00", SHANGHAI, None),
        ("2026-06-01T11:59:59", SHANGHAI, None),
        ("2026-06-01T12:00:00", SHANGHAI, "2026-06-02T01:00:00"),
        ("2026-06-01T16:30:00", SHANGHAI, "2026-06-02T01:00:00"),
        ("2026-03-28T20:00:00", BERLIN, "2026-03-29T07:00:00"),  # clocks go forward in that night
        ("2026-10-24T20:00:00", BERLIN, "2026-10-25T08:00:00"),  # and back in that one
        ("2026-06-01T20:00:00", Window(ZoneInfo("UTC"), time(22), time(6)), "2026-06-01T22:00:00"),
        ("2026-06-01T23:00:00", Window(ZoneInfo("UTC"), time(22), time(6)), None),
        ("2026-06-01T05:59:00", Window(ZoneInfo("UTC"), time(22), time(6)), None),
        ("2026-06-01T03:00:00", Window(ZoneInfo("UTC"), time(0), time(0)), None),
    ],
)
def test_calling_hours(utc: str, window: Window, until: str | None) -> None:
    refused = refusal(datetime.fromisoformat(utc).replace(tzinfo=UTC), window)
    if until is None:
        assert refused is None
    else:
        assert refused is not None
        assert refused.reason == "outside_window"
        assert refused.until.astimezone(UTC) == datetime.fromisoformat(until).replace(tzinfo=UTC)
        assert window.zone.key in refused.text.en
