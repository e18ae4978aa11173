"""The HTTP side of control: whether the system works. The REST API and the pages stand beside it later."""

from collections.abc import Callable
from typing import Literal

from fastapi import FastAPI, Response
from pydantic import BaseModel


class LineHealth(BaseModel):
    """One line: how many legs it has, how many are in use, and which trunks take no calls from it."""

    line: str
    legs: int
    busy: int
    media: str
    trunks_down: list[str] = []


class Health(BaseModel):
    """``ok`` when calls can be placed; otherwise ``problem`` says what is missing.

    ``hotlines`` are ``preparing`` while prompts are made; callers get 503 until then.
    """

    status: Literal["ok", "degraded"]
    version: str
    lines: list[LineHealth]
    hotlines: Literal["preparing", "ready"]
    problem: str = ""


def create_app(health: Callable[[], Health]) -> FastAPI:
    """The application; ``health`` is asked at every request, in the loop's thread."""
    app = FastAPI(title="callbot", docs_url=None, redoc_url=None)

    @app.get("/health")
    async def read_health(response: Response) -> Health:
        answer = health()
        response.status_code = 200 if answer.status == "ok" else 503
        return answer

    return app
