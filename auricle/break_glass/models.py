"""Emergency access: one member, one patient, a stated reason, hours at most."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant


class BreakGlass(Tenant, Base):
    """One emergency access. `reason` is sealed under the organization's key; `reads` counts what was looked at."""

    __tablename__ = "break_glass"
    patient_id: Mapped[UUID]
    member_id: Mapped[UUID]
    reason: Mapped[bytes]
    expires_at: Mapped[datetime]
    reads: Mapped[int] = mapped_column(default=0)
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[UUID | None]
