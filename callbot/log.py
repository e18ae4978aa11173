"""Structured logs: constant message, fields beside it, context by call, personal data masked.

Personal fields carry the key prefix ``pii.``; their values never reach a log unless ``show_pii`` is set.
"""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog

EventDict = MutableMapping[str, Any]


def _mask_pii(_logger: Any, _name: str, event: EventDict) -> EventDict:
    for key in event:
        if key.startswith("pii."):
            event[key] = "***"
    return event


def configure(process: str, *, level: str = "info", show_pii: bool = False) -> None:
    """Send logs of this process as JSON lines to standard error; call once at the start of a process."""
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    if not show_pii:
        processors.append(_mask_pii)
    structlog.configure(
        processors=[*processors, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(process=process)


def get(name: str) -> Any:
    """A logger; ``log.info("constant message", field=...)``."""
    return structlog.get_logger(name)


@contextmanager
def call_context(**fields: str) -> Iterator[None]:
    """Fields such as ``call_id`` for every log line of this task and those it starts."""
    with structlog.contextvars.bound_contextvars(**fields):
        yield
