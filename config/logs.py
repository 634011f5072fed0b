"""Structured logs on stderr: one line an event, without keys, tokens or prompts."""

import logging.config
import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

SECRET_NAMES = re.compile(r"(?i)key|token|secret|password|authorization|cookie|prompt")
SECRET_VALUES = re.compile(r"(?i)\b(bearer\s+|key\s+|img_live_)[\w.:~+/=-]{6,}")
# Whoever has the rest of such an address may do what it is for.
SECRET_PATHS = re.compile(
    r"(/(?:s|invitations|signin/link|approvals/link|email/confirm|password/reset/key)/"
    r"|/hooks/fal/[\w-]+\.|[?&](?:pass|signed)=)[^/\s&\"']+"
)
HIDDEN = "[hidden]"


def redact(logger: object, method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Hide what must never be read in a log: by the name of a field, and by shape inside text."""
    for name, value in event.items():
        if SECRET_NAMES.search(name):
            event[name] = HIDDEN
        elif isinstance(value, str):
            without = SECRET_PATHS.sub(rf"\1{HIDDEN}", value)
            event[name] = SECRET_VALUES.sub(rf"\1{HIDDEN}", without)
    return event


def configure(*, json_lines: bool, level: str) -> None:
    """Send Django's, Celery's and our own log through one chain."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    last = (
        structlog.processors.JSONRenderer()
        if json_lines
        else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        last,
                    ],
                    "foreign_pre_chain": shared,
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": level},
            # httpx logs every address it asks, and a result's address opens the picture.
            "loggers": {
                "httpx": {"level": "WARNING"},
                "httpcore": {"level": "WARNING"},
                "botocore": {"level": "WARNING"},
            },
        }
    )
