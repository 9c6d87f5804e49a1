"""Who acts, and for which organization. Every transaction is opened for one actor."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self
from uuid import UUID

from auricle.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a machine or the system itself, at work in at most one organization.

    `kind` is `user`, `agent` (the AI in a conversation, with its caller's permissions), `system` (jobs) or `nobody`.
    """

    kind: str = "nobody"
    organization_id: UUID | None = None
    account_id: UUID | None = None
    member_id: UUID | None = None
    role: str = "nobody"
    permissions: frozenset[str] = field(default_factory=frozenset)
    session_id: UUID | None = None
    patient_id: UUID | None = None  # a patient's own record, where the actor is that patient
    request_id: str = ""
    address: str = ""
    user_agent: str = ""

    @classmethod
    def nobody(cls, **who: str) -> Self:
        """Somebody who has not signed in."""
        return cls(**who)  # type: ignore[arg-type]

    @classmethod
    def system(cls, organization_id: UUID | None, task: str = "") -> Self:
        """The system at work for one organization (or, with None, on global tables only)."""
        return cls(
            kind="system", organization_id=organization_id, role="system", permissions=frozenset({"*"}), request_id=task
        )

    def may(self, permission: str) -> bool:
        return "*" in self.permissions or permission in self.permissions

    def require(self, *permissions: str) -> None:
        """Raise `Forbidden` unless every one of the permissions is held."""
        missing = [p for p in permissions if not self.may(p)]
        if missing:
            raise Forbidden("Your role does not allow this.", permission=missing[0])

    def inside(self, organization_id: UUID) -> Self:
        """The same actor, at work in another organization (the caller has checked that this is allowed)."""
        return replace(self, organization_id=organization_id)

    def limited_to(self, permissions: Iterable[str]) -> Self:
        """The same actor with no more than these permissions."""
        return replace(self, permissions=self.permissions & frozenset(permissions))
