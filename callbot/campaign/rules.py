"""The gate before dialling: pure questions, typed answers. Asked when contacts are claimed and again at dispatch."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from callbot.language import Text
from callbot.settings import CampaignSettings


@dataclass(frozen=True, slots=True)
class Window:
    """The hours of the day in which people may be called, on the clocks of ``zone``.

    ``call_until`` is the first moment that is too late. A window may run over midnight; equal times mean the whole day.
    """

    zone: ZoneInfo
    call_from: time
    call_until: time

    @classmethod
    def of(cls, settings: CampaignSettings) -> "Window":
        """The window of this installation."""
        return cls(
            ZoneInfo(settings.timezone), time.fromisoformat(settings.call_from), time.fromisoformat(settings.call_until)
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """Nobody may be called now, and why; ``until`` is the moment to ask again, in the zone of the window."""

    reason: Literal["outside_window"]
    until: datetime
    text: Text


def refusal(now: datetime, window: Window) -> Refusal | None:
    """None when calls may be placed at ``now`` (aware), else the reason."""
    local = now.astimezone(window.zone)
    opens, closes, at = window.call_from, window.call_until, local.time()
    if opens == closes or (opens <= at < closes if opens < closes else at >= opens or at < closes):
        return None
    day = local.date() if at < opens else local.date() + timedelta(days=1)
    until = datetime.combine(day, opens, tzinfo=window.zone)
    return Refusal(
        "outside_window",
        until,
        Text(
            f"现在不在允许的拨打时段（{opens:%H:%M}–{closes:%H:%M}，{window.zone.key}），{until:%m-%d %H:%M} 起继续。",
            f"Outside calling hours ({opens:%H:%M}-{closes:%H:%M} {window.zone.key}); goes on at {until:%m-%d %H:%M}.",
        ),
    )
