"""What an organization says about providers, as stored."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant


class ProviderAccount(Tenant, Base):
    """An organization's own account at a vendor. `name` is what agents call it; `key` is sealed under its data key.

    `models` is capability → model; a capability with null is switched off for this account. Its name hides the
    installation's account of the same name, also while it is not `enabled`.
    """

    __tablename__ = "provider_account"
    name: Mapped[str]
    vendor: Mapped[str]
    url: Mapped[str | None]
    key: Mapped[bytes | None]
    fingerprint: Mapped[str | None]
    models: Mapped[dict[str, Any]] = mapped_column(default=dict)
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    enabled: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[UUID | None]
    changed_by: Mapped[UUID | None]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ProviderOrder(Tenant, Base):
    """Who is asked first where an agent says nothing: capability → language, or `default` → choices. One row.

    `version` moves with each change.
    """

    __tablename__ = "provider_order"
    orders: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=1)
    changed_by: Mapped[UUID | None]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class ProviderListing(Tenant, Base):
    """What a provider listed of itself when it was last asked; of the account with this key only."""

    __tablename__ = "provider_listing"
    name: Mapped[str]
    vendor: Mapped[str]
    fingerprint: Mapped[str]
    voices: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    models: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    listed_at: Mapped[datetime] = mapped_column(server_default=func.now())
