"""The two kinds of keys that open Google's services.

An API key is sent as it is. The key of a service account, a JSON file, signs a request for a token (RFC 7523); the
token is sent, and kept until shortly before it ends.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import jwt
import orjson

from auricle.providers.account import Account
from auricle.providers.ports import ProviderGarbled, ProviderRefused

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - where tokens are had
HOSTS = frozenset({"oauth2.googleapis.com", "accounts.google.com"})
ASKED_S = 3600
EARLY_S = 120.0  # a token is renewed so long before it ends: a call that begins with it must not outlive it


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """What we need of the JSON key of a service account."""

    email: str
    private_key: str
    key_id: str | None
    token_uri: str
    project: str | None


def service_account(key: str, url: str | None) -> ServiceAccount | None:
    """The service account whose key this is; None for an API key. Raises `ProviderRefused` where it is half of one, or
    has its tokens from elsewhere than Google and the account's own `url`.
    """
    if not key.lstrip().startswith("{"):
        return None
    try:
        found = orjson.loads(key)
        account = ServiceAccount(
            found["client_email"],
            found["private_key"],
            found.get("private_key_id"),
            found.get("token_uri") or TOKEN_URI,
            found.get("project_id"),
        )
        where, own = urlsplit(account.token_uri), urlsplit(url or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ProviderRefused("The key of the service account can't be read.") from None
    # The address stands in a file that somebody may have been sent: what is signed goes to Google and nowhere else.
    is_googles = (where.scheme, where.netloc) in {("https", host) for host in HOSTS}
    if not is_googles and (where.scheme, where.netloc) != (own.scheme, own.netloc):
        raise ProviderRefused("The key of the service account names a place for tokens that is not Google's.")
    return account


class _Token:
    """The token of one account, asked for by one task at a time."""

    def __init__(self, owner: ServiceAccount) -> None:
        self.owner = owner
        self._lock = asyncio.Lock()
        self._value = ""
        self._until = 0.0

    async def value(self, account: Account) -> str:
        if time.monotonic() >= self._until:
            async with self._lock:
                if time.monotonic() >= self._until:  # nobody renewed it while we waited
                    await self._renew(account)
        return self._value

    async def _renew(self, account: Account) -> None:
        asked_at = time.monotonic()
        form = {"grant_type": GRANT, "assertion": _assertion(self.owner, int(time.time()))}
        answer = await account.post(self.owner.token_uri, data=form, with_key=False)
        value, lasts_s = _granted(answer)
        self._value, self._until = value, asked_at + max(0.0, lasts_s - EARLY_S)


class Access:
    """`Vendor.auth` of Google."""

    def __init__(self) -> None:
        self._tokens: WeakKeyDictionary[Account, _Token] = WeakKeyDictionary()

    async def __call__(self, account: Account, key: str) -> Mapping[str, str]:
        token = self._tokens.get(account)
        if token is None:
            owner = service_account(key, account.url)
            if owner is None:
                return {"x-goog-api-key": key}
            token = self._tokens.setdefault(account, _Token(owner))
        return {"authorization": f"Bearer {await token.value(account)}"}

    def project(self, account: Account) -> str | None:
        """The project that an account's service account belongs to, once it was let in; None with an API key."""
        token = self._tokens.get(account)
        return token.owner.project if token else None


ACCESS = Access()


def _assertion(owner: ServiceAccount, now: int) -> str:
    claims = {"iss": owner.email, "scope": SCOPE, "aud": owner.token_uri, "iat": now, "exp": now + ASKED_S}
    try:
        return jwt.encode(claims, owner.private_key, "RS256", headers={"kid": owner.key_id} if owner.key_id else None)
    except (jwt.PyJWTError, ValueError, TypeError):
        raise ProviderRefused("The private key of the service account can't be read.") from None


def _granted(answer: Any) -> tuple[str, float]:
    token = answer.get("access_token") if isinstance(answer, dict) else None
    lasts_s = answer.get("expires_in") if isinstance(answer, dict) else None
    if not isinstance(token, str) or not token or type(lasts_s) not in (int, float):
        raise ProviderGarbled("The answer holds no token.")
    return token, float(lasts_s)  # type: ignore[arg-type]
