"""People under care. Identity is sealed under the patient's own data key."""

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant


class Patient(Tenant, Base):
    """A person under care, with or without a login. `identity` is a sealed `Identity` document."""

    __tablename__ = "patient"
    account_id: Mapped[UUID | None]
    identity: Mapped[bytes]
    record_number_blind: Mapped[bytes | None]
    language: Mapped[str] = mapped_column(default="en")
    status: Mapped[str] = mapped_column(default="active")
