"""One usage record for each attempt at a provider, whatever became of it."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from uuid_utils.compat import uuid7

from auricle.log import event
from auricle.providers.account import Account
from auricle.providers.call import Call
from auricle.providers.ports import (
    Capability,
    ProviderBusy,
    ProviderFailed,
    ProviderRefused,
    ProviderTimeout,
    Usage,
)

log = logging.getLogger(__name__)

Status = Literal["ok", "failed", "timeout", "refused", "busy", "cancelled"]


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """One metered attempt, raw: what it costs is found where it is stored, and can be found again. None is unknown.

    `provider` is the account's name, `vendor` and `endpoint` say whose prices it has, `language` that of the call.
    """

    id: UUID
    at: datetime
    organization_id: UUID | None
    consultation_id: UUID | None
    session_id: UUID | None
    agent_id: UUID | None
    provider: str
    vendor: str
    endpoint: str | None
    capability: Capability
    model: str | None
    language: str
    status: Status
    attempt: int
    first_ms: float | None
    total_ms: float
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    reasoning_tokens: int | None
    audio_s: float | None
    characters: int | None
    requests: int | None  # billed ones, where the vendor bills by the request
    note_id: UUID | None = None


Record = Callable[[UsageRecord], None]


def status_of(error: BaseException | None) -> Status:
    """The status of an attempt that ended with this."""
    if error is None:
        return "ok"
    if isinstance(error, ProviderFailed):
        for kind, status in _STATUS:
            if isinstance(error, kind):
                return status
        return "failed"
    return "failed" if isinstance(error, Exception) else "cancelled"


_STATUS: tuple[tuple[type[ProviderFailed], Status], ...] = (
    (ProviderTimeout, "timeout"),
    (ProviderRefused, "refused"),
    (ProviderBusy, "busy"),
)


def endpoint_of(url: str | None) -> str | None:
    """Where an account is, as far as a price list tells vendors by it: no user, no query."""
    if url is None:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:200]


class Meter:
    """Measures one attempt; `close` records it once."""

    def __init__(self, call: Call, capability: Capability, account: Account, model: str | None, attempt: int) -> None:
        self._call, self._capability, self._account = call, capability, account
        self._model, self._attempt = model, attempt
        self._at, self._start = datetime.now(UTC), time.perf_counter()
        self._first_ms: float | None = None
        self._is_closed = False
        self.usage = Usage()
        self.sent_audio_s: float | None = None  # for speech to text that broke off without telling its usage
        self.made_audio_s = 0.0  # for text to speech

    @property
    def elapsed_s(self) -> float:
        return time.perf_counter() - self._start

    def first(self, first_ms: float | None = None) -> None:
        """The first event is here (`first_ms` where it counts from later than the start)."""
        if self._first_ms is None:
            self._first_ms = self.elapsed_s * 1000 if first_ms is None else first_ms

    def close(self, status: Status, record: Record) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        total_ms = self.elapsed_s * 1000
        usage = self._completed_usage()
        account, call = self._account, self._call
        try:
            record(
                UsageRecord(
                    uuid7(),
                    self._at,
                    call.organization_id,
                    call.consultation_id,
                    call.session_id,
                    call.agent_id,
                    account.name,
                    account.vendor,
                    endpoint_of(account.url),
                    self._capability,
                    self._model,
                    call.language,
                    status,
                    self._attempt,
                    self._first_ms,
                    total_ms,
                    usage.input_tokens,
                    usage.output_tokens,
                    usage.cached_tokens,
                    usage.reasoning_tokens,
                    usage.audio_s,
                    usage.characters,
                    usage.requests,
                    call.note_id,
                )
            )
        except Exception:  # a full queue must not end a conversation, but it must be seen
            log.exception("usage was not recorded")
        event(
            log,
            "provider called",
            logging.DEBUG if status == "ok" else logging.INFO,
            provider=self._account.name,
            capability=self._capability,
            model=self._model,
            outcome=status,
            attempt=self._attempt,
            duration_ms=round(total_ms, 1),
            fingerprint=self._account.fingerprint,
        )

    def _completed_usage(self) -> Usage:
        """The adapter's usage, with what the router itself has counted where the adapter did not say."""
        audio_s = self.usage.audio_s
        if audio_s is None:
            audio_s = self.made_audio_s or self.sent_audio_s
        return replace(self.usage, audio_s=audio_s)
