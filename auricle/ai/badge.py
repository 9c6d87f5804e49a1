"""Who may ask the AI service: whoever shows a badge, made within the last minute by somebody who knows the secret.

The secret itself never travels. A badge tells nothing but when it was made: what is asked stands in the request.
"""

import jwt
from pydantic import SecretStr

from auricle.errors import Unauthenticated

ALGORITHM, AUDIENCE = "HS256", "auricle-ai"
VALID_S = 60
SKEW_S = 30  # clocks of two machines may differ by so much


class BadBadge(Unauthenticated):
    """This needs a badge made with the secret that this AI service knows."""

    code = "ai.bad_badge"


def make_badge(secret: SecretStr, now: float, valid_s: int = VALID_S) -> str:
    """A badge for so many seconds; `now` is Unix time."""
    claims = {"aud": AUDIENCE, "iat": int(now), "exp": int(now) + valid_s}
    return jwt.encode(claims, secret.get_secret_value(), ALGORITHM)


def check_badge(secret: SecretStr, badge: str) -> None:
    """Raise `BadBadge` unless it was made with this secret and is still valid. Compares in constant time."""
    try:
        jwt.decode(
            badge,
            secret.get_secret_value(),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            leeway=SKEW_S,
            options={"require": ["exp", "iat", "aud"]},
        )
    except jwt.InvalidTokenError:
        raise BadBadge from None
