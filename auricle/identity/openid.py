"""The relying side of OpenID Connect: code flow with PKCE, state and nonce. Google is the one we name; any that can be
discovered works. Knows no database; what comes back is a verified identity or a refusal.
"""

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import httpx2
import jwt

from auricle.errors import NotFound, Unauthenticated, Unavailable
from auricle.settings import Google

ALGORITHMS = ["RS256", "ES256"]
LEEWAY_S = 60
METADATA_S, KEYS_AGAIN_S = 3600.0, 60.0
MOST_BYTES = 1_000_000
CALLBACK = "/sign-in/google"


class NotOffered(NotFound):
    """This installation does not offer sign-in with Google."""

    code = "authentication.not_offered"


class OutsideRefused(Unauthenticated):
    """The sign-in at the other provider did not work; begin again."""

    code = "authentication.outside_refused"


class OutsideUnavailable(Unavailable):
    """The sign-in provider does not answer now; try again or use your password."""

    code = "authentication.outside_unavailable"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says it is. The address counts only where the provider has verified it."""

    issuer: str
    subject: str
    email: str
    email_verified: bool


class OpenIdProvider:
    """One provider, discovered at first use. Its metadata and keys are kept for a while."""

    def __init__(self, settings: Google) -> None:
        self._settings = settings
        self._client: httpx2.AsyncClient | None = None
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, jwt.PyJWKSet] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, _: type | None, __: BaseException | None, ___: TracebackType | None) -> None:
        if self._client is not None:
            await self._client.aclose()

    @property
    def offered(self) -> bool:
        return self._settings.client_id is not None

    async def authorization_url(self, redirect_uri: str, *, state: str, nonce: str, verifier: str) -> str:
        """Where to send the browser."""
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid email",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        return f"{(await self._discovered())['authorization_endpoint']}?{urlencode(query)}"

    async def identity(self, code: str, redirect_uri: str, *, nonce: str, verifier: str) -> Identity:
        """Exchange the code the browser came back with, and check what the provider signed. Raises `OutsideRefused`."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self._client_id,
            "code_verifier": verifier,
        }
        if self._settings.client_secret is not None:
            form["client_secret"] = self._settings.client_secret.get_secret_value()
        answer = await self._ask("POST", (await self._discovered())["token_endpoint"], data=form)
        claims = await self._verified(str(answer.get("id_token", "")))
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise OutsideRefused
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != self._client_id:
            raise OutsideRefused
        return Identity(
            claims["iss"], claims["sub"], str(claims.get("email", "")).lower(), claims.get("email_verified") is True
        )

    @property
    def _client_id(self) -> str:
        if self._settings.client_id is None:
            raise NotOffered
        return self._settings.client_id

    async def _verified(self, token: str) -> dict[str, Any]:
        try:
            key = await self._key(jwt.get_unverified_header(token).get("kid"))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                ALGORITHMS,
                audience=self._client_id,
                issuer=self._settings.issuer,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iat", "sub", "aud", "iss"]},
            )
        except (jwt.PyJWTError, ValueError) as error:
            raise OutsideRefused from error
        if not isinstance(claims["sub"], str) or not 1 <= len(claims["sub"]) <= 255:
            raise OutsideRefused
        return claims

    async def _key(self, kid: object) -> jwt.PyJWK:
        """The provider's key of this name; asked for anew, now and then, when the name is not known."""
        async with self._one_at_a_time:
            found = _named(self._keys, kid)
            if found is None and (self._keys is None or self._keys[0] + KEYS_AGAIN_S < time.monotonic()):
                metadata = await self._discovered()
                self._keys = time.monotonic(), jwt.PyJWKSet.from_dict(await self._ask("GET", metadata["jwks_uri"]))
                found = _named(self._keys, kid)
        if found is None or found.key_type not in ("RSA", "EC"):
            raise OutsideRefused
        return found

    async def _discovered(self) -> dict[str, Any]:
        if self._metadata is not None and self._metadata[0] + METADATA_S > time.monotonic():
            return self._metadata[1]
        issuer = self._settings.issuer
        metadata = await self._ask("GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
        endpoints = [metadata.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        secure = all(urlsplit(str(one)).scheme in {"https", urlsplit(issuer).scheme} for one in endpoints)
        if metadata.get("issuer") != issuer or not secure:
            raise OutsideUnavailable
        self._metadata = time.monotonic(), metadata
        return metadata

    async def _ask(self, method: str, url: str, *, data: Mapping[str, str] | None = None) -> dict[str, Any]:
        if self._client is None:
            self._client = httpx2.AsyncClient(timeout=10, follow_redirects=False)
        try:
            answer = await self._client.request(method, url, data=data, headers={"accept": "application/json"})
            if answer.status_code in (400, 401):  # the code was used, is too old, or was never theirs
                raise OutsideRefused
            body = answer.raise_for_status().json() if len(answer.content) <= MOST_BYTES else None
        except (httpx2.HTTPError, ValueError) as error:
            raise OutsideUnavailable from error
        if not isinstance(body, dict):
            raise OutsideUnavailable
        return body


def challenge_of(verifier: str) -> str:
    """PKCE (RFC 7636), method S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _named(keys: tuple[float, jwt.PyJWKSet] | None, kid: object) -> jwt.PyJWK | None:
    if keys is None:
        return None
    return next((key for key in keys[1].keys if key.key_id == kid and key.public_key_use in (None, "sig")), None)
