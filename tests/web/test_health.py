"""What the HTTP side of control answers."""

import httpx
import pytest

from callbot.web.health import Health, LineHealth, create_app

pytestmark = pytest.mark.web


async def ask(health: Health) -> httpx.Response:
    transport = httpx.ASGITransport(create_app(lambda: health))
    async with httpx.AsyncClient(transport=transport, base_url="http://callbot") as client:
        return await client.get("/health")


async def test_health_names_the_lines() -> None:
    line = LineHealth(line="line-1", legs=4, busy=1, media="pjsua2")
    answer = await ask(Health(status="ok", version="1", lines=[line], hotlines="ready"))
    assert answer.status_code == 200
    assert answer.json()["lines"] == [{"line": "line-1", "legs": 4, "busy": 1, "media": "pjsua2", "trunks_down": []}]


async def test_no_line_is_503_with_the_reason() -> None:
    answer = await ask(Health(status="degraded", version="1", lines=[], hotlines="preparing", problem="没有线路在运行"))
    assert answer.status_code == 503
    assert answer.json()["problem"] == "没有线路在运行"
