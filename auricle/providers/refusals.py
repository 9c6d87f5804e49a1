"""What a vendor's HTTP status means to us."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import orjson

from auricle.providers.ports import ProviderBusy, ProviderFailed, ProviderRefused, ProviderTimeout

# Only a short code leaves a vendor's error body: its message may quote the prompt, or the key.
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,63}\Z")
UNPAID = frozenset(
    {
        "insufficient_quota",
        "insufficient_quota_error",
        "quota_exceeded",
        "billing_hard_limit_reached",
        "billing_not_active",
    }
)
_DELAY = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s\Z")
MAX_RETRY_AFTER_S = 3600.0


async def failure_of(response: httpx2.Response, limit: int) -> ProviderFailed:
    """The failure that an answer of status 300 and above stands for."""
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > limit:
            break
    said = json_of(bytes(body[:limit]))
    retry_after_s = seconds_of_now(response.headers.get("retry-after"))
    return failure(response.status_code, vendor_code(said), delay_of(said) if retry_after_s is None else retry_after_s)


def failure(status: int, code: str | None = None, retry_after_s: float | None = None) -> ProviderFailed:
    """The failure for a status and a vendor's code, without anything the vendor wrote in prose."""
    context: dict[str, Any] = {"status": status}
    if code:
        context["vendor_code"] = code
    if retry_after_s is not None:
        context["retry_after_s"] = retry_after_s
    if status in (408, 504):
        return ProviderTimeout("The provider says that it took too long.", **context)
    if status in (429, 529) and code not in UNPAID:
        return ProviderBusy("The provider asks us to slow down.", **context)
    if status >= 500 or status == 425:
        return ProviderFailed("The provider had an error of its own.", **context)
    return ProviderRefused("The provider refuses our key or our request.", **context)


def vendor_code(body: Any) -> str | None:
    """The machine-readable code of an error body, in any of the usual forms."""
    error = body.get("error", body.get("detail", body)) if isinstance(body, dict) else None
    if isinstance(error, dict):
        for name in ("code", "type", "status", "err_code", "category"):
            value = error.get(name)
            if isinstance(value, str) and _CODE.match(value):
                return value
    return None


def delay_of(body: Any) -> float | None:
    """Google's way to say for how long: a `RetryInfo` among the details of the error, as `"retryDelay": "34s"`."""
    error = body.get("error") if isinstance(body, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    for detail in details if isinstance(details, list) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str) and (found := _DELAY.match(delay)):
            return min(float(found[1]), MAX_RETRY_AFTER_S)
    return None


def seconds_of(header: str | None, now: datetime) -> float | None:
    """`Retry-After`, which is a number of seconds or a date; nonsense is as if it was not there."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            at = parsedate_to_datetime(header)
        except (ValueError, TypeError):
            return None
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S) if seconds == seconds else None


def seconds_of_now(header: str | None) -> float | None:
    """`seconds_of`, as of now."""
    return seconds_of(header, datetime.now(UTC))


def json_of(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
