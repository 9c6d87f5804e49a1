"""Access tokens (short, signed, for one organization), opaque refresh tokens (stored as hashes), and challenges."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt

from auricle.errors import Unauthenticated

ALGORITHM, ISSUER, AUDIENCE, KIND = "HS256", "auricle", "auricle-api", "at+jwt"
CHALLENGE_AUDIENCE, CHALLENGE_KIND = "auricle-second-factor", "challenge+jwt"


class BadToken(Unauthenticated):
    """The access token is not valid or has expired."""

    code = "authentication.bad_token"


@dataclass(frozen=True, slots=True)
class Claims:
    account_id: UUID
    session_id: UUID
    organization_id: UUID | None
    member_id: UUID | None
    expires_at: float = field(default=0.0, compare=False)  # of a token that was read, in seconds since 1970


def issue_access(secret: bytes, claims: Claims, *, lifetime_s: int, now: datetime | None = None) -> str:
    now = now or datetime.now(UTC)
    payload = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(claims.account_id),
        "sid": str(claims.session_id),
        "org": str(claims.organization_id or ""),
        "mem": str(claims.member_id or ""),
        "iat": now,
        "exp": now + timedelta(seconds=lifetime_s),
    }
    return jwt.encode(payload, secret, ALGORITHM, headers={"typ": KIND})


def read_access(secret: bytes, token: str) -> Claims:
    """Check signature, algorithm, type, audience, issuer and expiry. Raises `BadToken`."""
    payload = _payload(secret, token, KIND, AUDIENCE)
    try:
        return Claims(
            UUID(payload["sub"]),
            UUID(str(payload["sid"])),
            _uuid(payload.get("org")),
            _uuid(payload.get("mem")),
            float(payload["exp"]),
        )
    except (KeyError, ValueError) as error:
        raise BadToken from error


def issue_challenge(
    secret: bytes, account_id: UUID, organization_id: UUID | None, *, now: datetime, lifetime: timedelta
) -> str:
    """Says that the first factor of this account was right. Opens nothing by itself."""
    payload = {
        "iss": ISSUER,
        "aud": CHALLENGE_AUDIENCE,
        "sub": str(account_id),
        "org": str(organization_id or ""),
        "iat": now,
        "exp": now + lifetime,
    }
    return jwt.encode(payload, secret, ALGORITHM, headers={"typ": CHALLENGE_KIND})


def read_challenge(secret: bytes, token: str) -> tuple[UUID, UUID | None]:
    """Whose first factor was right, and for which organization. Raises `BadToken`."""
    payload = _payload(secret, token, CHALLENGE_KIND, CHALLENGE_AUDIENCE)
    try:
        return UUID(payload["sub"]), _uuid(payload.get("org"))
    except (KeyError, ValueError) as error:
        raise BadToken from error


def _payload(secret: bytes, token: str, kind: str, audience: str) -> dict[str, Any]:
    try:
        if jwt.get_unverified_header(token).get("typ") != kind:
            raise BadToken
        payload: dict[str, Any] = jwt.decode(
            token,
            secret,
            [ALGORITHM],
            audience=audience,
            issuer=ISSUER,
            options={"require": ["exp", "iat", "sub", "aud", "iss"]},
        )
    except (jwt.InvalidTokenError, ValueError) as error:
        raise BadToken from error
    return payload


def new_secret() -> tuple[str, bytes]:
    """A random 256-bit token and the hash to store."""
    token = secrets.token_urlsafe(32)
    return token, hash_of(token)


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _uuid(claim: object) -> UUID | None:
    return UUID(str(claim)) if claim else None
