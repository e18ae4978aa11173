"""Values as people read them on a screen or in a text message. Pure."""

from datetime import date, datetime
from decimal import Decimal

from callbot.zh.spoken import HALF_DAYS, YES_NO


def written(kind: str, value: str) -> str:
    """A canonical value by its type in writing: 128.50元, 6月30日, 6月2日15:00, 上午, 是; other types as they are."""
    if kind == "money":
        return f"{Decimal(value):.2f}元"
    if kind == "date":
        day = date.fromisoformat(value)
        return f"{day.month}月{day.day}日"
    if kind == "datetime":
        moment = datetime.fromisoformat(value)
        return f"{moment.month}月{moment.day}日{moment:%H:%M}"
    if kind == "half_day":
        return HALF_DAYS[value]
    if kind == "yes_no":
        return YES_NO[value]
    return value
