"""Access tokens: ours, unaltered, unexpired, of the right kind; anything else is refused."""

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from auricle.db.base import new_id
from auricle.identity.tokens import (
    ALGORITHM,
    AUDIENCE,
    ISSUER,
    KIND,
    BadToken,
    Claims,
    issue_access,
    new_secret,
    read_access,
)

SECRET = bytes(range(32))
CLAIMS = Claims(new_id(), new_id(), new_id(), None)


def payload(**changed: object) -> dict[str, object]:
    now = datetime.now(UTC)
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(new_id()),
        "sid": str(new_id()),
        "org": "",
        "mem": "",
        "iat": now,
        "exp": now + timedelta(minutes=5),
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def signed(secret: bytes = SECRET, algorithm: str = ALGORITHM, kind: str = KIND, **changed: object) -> str:
    return jwt.encode(payload(**changed), secret, algorithm, headers={"typ": kind})


def unsigned() -> str:
    def part(content: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(content, default=str).encode()).decode().rstrip("=")

    times = {"iat": 1, "exp": 4_000_000_000}
    return f"{part({'alg': 'none', 'typ': KIND})}.{part(payload(**times))}."


def rsa_signed() -> str:
    key = generate_private_key(65537, 2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return jwt.encode(payload(), pem, "RS256", headers={"typ": KIND})


def test_a_token_tells_what_it_was_issued_for():
    assert read_access(SECRET, issue_access(SECRET, CLAIMS, lifetime_s=60)) == CLAIMS
    assert read_access(SECRET, signed()).organization_id is None


BAD = {
    "empty": "",
    "not a token": "Bearer",
    "null bytes": "\x00.\x00.\x00",
    "not ascii": "नमस्ते.नमस्ते.नमस्ते",
    "very long": "a" * 100_000,
    "a refresh token": new_secret()[0],
    "no algorithm": unsigned(),
    "another algorithm": rsa_signed(),
    "a weaker or other hash": signed(algorithm="HS512"),
    "another secret": signed(b"\x01" * 32),
    "another kind": signed(kind="JWT"),
    "expired": signed(exp=datetime.now(UTC) - timedelta(seconds=1)),
    "issued in the future": signed(iat=datetime.now(UTC) + timedelta(hours=1)),
    "without expiry": signed(exp=None),
    "without issue time": signed(iat=None),
    "another audience": signed(aud="someone-else"),
    "without audience": signed(aud=None),
    "another issuer": signed(iss="someone-else"),
    "without subject": signed(sub=None),
    "without session": signed(sid=None),
    "a subject that is no id": signed(sub="admin"),
    "an organization that is no id": signed(org="' or 1=1"),
    "a session that is a number": signed(sid=7),
    "an organization that is a number": signed(org=7),
}


@pytest.mark.parametrize("token", BAD.values(), ids=BAD.keys())
def test_anything_else_is_refused(token):
    with pytest.raises(BadToken):
        read_access(SECRET, token)


def test_an_altered_token_is_refused_wherever_it_was_altered():
    token = issue_access(SECRET, CLAIMS, lifetime_s=60)
    for place in range(0, len(token) - 1, 3):  # the last character's low bits mean nothing in base64
        letter = "A" if token[place] != "A" else "B"
        with pytest.raises(BadToken):
            read_access(SECRET, token[:place] + letter + token[place + 1 :])
