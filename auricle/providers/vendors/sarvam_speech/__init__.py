"""Sarvam's recognizers and voices, and how it names languages."""

from collections.abc import Mapping
from typing import Any

from auricle.providers.ports import ProviderFailed, ProviderRefused
from auricle.providers.refusals import failure, vendor_code

SPOKEN = frozenset({"bn", "en", "gu", "hi", "kn", "ml", "mr", "or", "pa", "ta", "te"})  # by its voices, and mayura
KNOWN = SPOKEN | {"as", "brx", "doi", "kok", "ks", "mai", "mni", "ne", "sa", "sat", "sd", "ur"}
INDIAN = KNOWN - {"en"}

_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "insufficient_quota_error": 402,
    "invalid_api_key_error": 403,
    "not_found_error": 404,
    "unprocessable_entity_error": 422,
    "rate_limit_exceeded_error": 429,
    "gateway_timeout_error": 504,
}


def code_of(language: str, known: frozenset[str] = KNOWN, odia: str = "od-IN") -> str:
    """The vendor's name of a language. Odia is `od-IN`, but `or-IN` on the realtime socket."""
    base = language.partition("-")[0].lower()
    if base not in known:
        raise ProviderRefused("Sarvam does not know this language.", language=language)
    return odia if base == "or" else f"{base}-IN"


def failed(told: Mapping[Any, Any]) -> ProviderFailed:
    """The failure for an error that was told on a socket: `code` is a word or a status, `status_code` may be there."""
    code = vendor_code({"error": told})
    status = next((s for s in (told.get("status_code"), told.get("code")) if type(s) is int and 400 <= s < 600), None)
    return failure(status or _STATUS.get(code or "", 500), code)
