"""Structured logs: one JSON object a line, with request and session ids. Only the fields named here ever leave.

An allowlist, not a blocklist: `extra={"fields": {...}}` keeps the keys in `ALLOWED`; exceptions are logged by type and
place, never by message, because a message may quote what a patient said.
"""

import logging
import logging.handlers
import re
import sys
import traceback
import uuid
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

request_id: ContextVar[str] = ContextVar("request_id", default="")
session_id: ContextVar[str] = ContextVar("session_id", default="")


def new_request_id() -> str:
    return uuid.uuid4().hex


QUERY = re.compile(r"\?[^\s\"]+")  # in what libraries say of an address: a carrier's ticket stands there

ALLOWED = frozenset(
    {
        "method",
        "route",
        "status",
        "duration_ms",
        "provider",
        "capability",
        "model",
        "outcome",
        "attempt",
        "task",
        "job_id",
        "organization_id",
        "consultation_id",
        "note_id",
        "document_id",
        "error",
        "error_code",
        "count",
        "bytes",
        "port",
        "seconds",
        "queue",
        "role",
        "version",
        "pid",
        "reason",
        "stage",
        "fingerprint",
        "place",
        "lag_ms",
        "calls",
    }
)


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.msg if record.name.startswith("auricle") else QUERY.sub("?…", record.getMessage()),
        }
        if request := request_id.get():
            line["request_id"] = request
        if session := session_id.get():
            line["session_id"] = session
        fields = getattr(record, "fields", None)
        if isinstance(fields, dict):
            line.update({k: v for k, v in fields.items() if k in ALLOWED})
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            frames = traceback.extract_tb(record.exc_info[2])[-4:]
            line["place"] = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames]
        return orjson.dumps(line, default=str).decode()


def event(logger: logging.Logger, message: str, level: int = logging.INFO, **fields: Any) -> None:
    """Log a constant sentence with allowed fields: `event(log, "job finished", task=name, seconds=1.2)`."""
    logger.log(level, message, extra={"fields": fields})


def configure(level: str = "INFO", file: Path | None = None) -> None:
    """Set the root logger up, once, at the start of a process."""
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(logging.handlers.RotatingFileHandler(file, maxBytes=20_000_000, backupCount=5))
    root = logging.getLogger()
    root.handlers.clear()
    for handler in handlers:
        handler.setFormatter(JsonFormatter())
        root.addHandler(handler)
    root.setLevel(level.upper())
    # At DEBUG these write what they carry: whole frames of a conversation, bodies, arguments.
    for noisy in ("httpx2", "httpcore2", "websockets", "uvicorn.access", "alembic", "procrastinate", "asyncio"):
        logging.getLogger(noisy).setLevel("WARNING")
    logging.getLogger("uvicorn.error").setLevel("INFO")
