"""An organization's masking policy, as stored."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant
from auricle.providers.masking.policy import OFF, Masking


class MaskingPolicy(Tenant, Base):
    """One row. `version` moves with each change; what it was before is in the audit."""

    __tablename__ = "masking_policy"
    mode: Mapped[str]
    passes: Mapped[list[Any]] = mapped_column(JSONB, default=list)
    own_servers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int]
    changed_by: Mapped[UUID | None]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())


def masking_of(row: MaskingPolicy | None) -> Masking:
    """What a stored policy asks for. A mode that this program does not know is taken for the strictest."""
    if row is None:
        return OFF
    mode = row.mode if row.mode in ("off", "text") else "all"
    return Masking(mode, frozenset(row.passes), dict(row.own_servers))  # type: ignore[arg-type]
