"""Access tokens (short, signed, for one organization) and opaque refresh tokens (random, stored as hashes)."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt

from auricle.errors import Unauthenticated

ALGORITHM, ISSUER, AUDIENCE, KIND = "HS256", "auricle", "auricle-api", "at+jwt"


class BadToken(Unauthenticated):
    """The access token is not valid or has expired."""

    code = "authentication.bad_token"


@dataclass(frozen=True, slots=True)
class Claims:
    account_id: UUID
    session_id: UUID
    organization_id: UUID | None
    member_id: UUID | None


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
    try:
        if jwt.get_unverified_header(token).get("typ") != KIND:
            raise BadToken
        payload = jwt.decode(
            token,
            secret,
            [ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": ["exp", "iat", "sub", "aud", "iss"]},
        )
        return Claims(
            UUID(payload["sub"]), UUID(str(payload["sid"])), _uuid(payload.get("org")), _uuid(payload.get("mem"))
        )
    except (jwt.InvalidTokenError, KeyError, ValueError) as error:
        raise BadToken from error


def new_secret() -> tuple[str, bytes]:
    """A random 256-bit token and the hash to store."""
    token = secrets.token_urlsafe(32)
    return token, hash_of(token)


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _uuid(claim: object) -> UUID | None:
    return UUID(str(claim)) if claim else None
