"""The right to come back to a session: a secret used once. A used one counts until the next was seen to arrive."""

import hmac
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from auricle.errors import RateLimited, Unauthenticated
from auricle.identity.tokens import hash_of, new_secret

BURST, PER_S = 40.0, 2.0


class ResumeRefused(Unauthenticated):
    """This session can't be resumed: open it anew with a ticket."""

    code = "session.resume_refused"


class ResumeFlood(RateLimited):
    """This session is resumed again and again; wait a moment."""

    code = "session.resume_flood"


@dataclass(frozen=True, slots=True)
class Presented:
    """A token as a client shows it. The organization stands in front, so that a look-up stays inside it."""

    organization_id: UUID
    hash: bytes

    @classmethod
    def read(cls, token: str) -> Self:
        organization, _, secret = token.partition(".")
        try:
            return cls(UUID(hex=organization), hash_of(secret))
        except ValueError:
            raise ResumeRefused from None


def as_token(organization_id: UUID, secret: str) -> str:
    return f"{organization_id.hex}.{secret}"


@dataclass(slots=True)
class Tokens:
    """Of one session, as hashes.

    An answer with a new token may be lost on its way. So the one just used still counts until the client has said
    something over the new connection, and no longer.
    """

    current: bytes
    previous: bytes | None = None
    previous_counts_anew: bool = False  # it is of a session before this one, whose messages had other numbers
    _allowed: float = BURST
    _at: float = 0.0

    @classmethod
    def first(cls, of_the_left: bytes | None = None) -> tuple[Self, str]:
        """Of a new session, and its secret. `of_the_left`: what was used up for it, of the session left behind."""
        secret, hashed = new_secret()
        return cls(hashed, of_the_left, previous_counts_anew=of_the_left is not None), secret

    def accept(self, presented: bytes) -> bool:
        return hmac.compare_digest(presented, self.current) or self.is_previous(presented)

    def is_previous(self, presented: bytes) -> bool:
        return self.previous is not None and hmac.compare_digest(presented, self.previous)

    def renew(self, presented: bytes) -> str:
        """Use a token up for the next, whose secret this is."""
        secret, hashed = new_secret()
        self.previous_counts_anew = self.previous_counts_anew and self.is_previous(presented)
        self.previous, self.current = presented, hashed
        return secret

    def confirm(self) -> None:
        """The client has the current one."""
        self.previous = None

    def pace(self, now: float) -> None:
        """Raises `ResumeFlood` where a session is resumed all the time."""
        self._allowed = min(BURST, self._allowed + (now - self._at) * PER_S)
        self._at = now
        if self._allowed < 1:
            raise ResumeFlood
        self._allowed -= 1
