"""Professionals: members who see patients. Read and change their profiles."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.db.base import new_id
from auricle.db.keyset import Order, alphabetical, in_order
from auricle.db.sealed import Key, Keyring
from auricle.db.session import actor_of
from auricle.db.uniques import flush_unique
from auricle.errors import Conflict, Forbidden, NotFound
from auricle.identity.models import Department, Member, MemberStatus, Specialty
from auricle.patients.professionals.models import Professional
from auricle.patients.professionals.schemas import ProfessionalIn, ProfessionalOut


class EmployeeNumberTaken(Conflict):
    """Another member of this organization has this employee number."""

    code = "professional.employee_number_taken"


def profiles() -> Select[Member, Professional, str, str]:
    """Members who see patients (clinicians, and whoever has a profile), with profile, department and specialty."""
    return (
        select(Member, Professional, Department.name.label("department"), Specialty.name.label("specialty"))
        .outerjoin(Professional, Professional.member_id == Member.id)
        .outerjoin(Department, Department.id == Professional.department_id)
        .outerjoin(Specialty, Specialty.id == Professional.specialty_id)
        .where(Member.status == MemberStatus.ACTIVE, or_(Professional.id.is_not(None), Member.role == "clinician"))
    )


async def list_professionals(
    db: AsyncSession, keyring: Keyring, order: Order, *, everyone: bool, limit: int
) -> Sequence[ProfessionalOut]:
    """The caller's own profile, or everyone's."""
    by = {
        "name": alphabetical(Member.given_name, Member.family_name),
        "department": alphabetical(Department.name),
        "specialty": alphabetical(Specialty.name),
    }
    shown_ones = profiles() if everyone else profiles().where(Member.id == actor_of(db).member_id)
    statement = await in_order(db, shown_ones, order, Member.id, limit=limit, **by)
    rows = (await db.execute(statement)).all()
    key = await keyring.organization(db)
    return [shown(row, key) for row in rows]


async def change_professional(
    db: AsyncSession, keyring: Keyring, member_id: UUID, wanted: ProfessionalIn
) -> ProfessionalOut:
    """Set a member's profile. A clinician sets their own, but neither department nor employee number."""
    check_may_change(db, member_id)
    member = await db.get(Member, member_id)
    if member is None or member.role == "patient":
        raise NotFound("No such professional.")
    for kind, wanted_id in ((Department, wanted.department_id), (Specialty, wanted.specialty_id)):
        if wanted_id is not None and await db.get(kind, wanted_id) is None:
            raise NotFound(f"No such {kind.__tablename__}.")
    profile = await db.scalar(select(Professional).where(Professional.member_id == member_id).with_for_update())
    if profile is None:
        profile = Professional(id=new_id(), member_id=member_id)
        db.add(profile)
    check_administered(db, profile, wanted)
    key = await keyring.organization(db)
    profile.department_id, profile.specialty_id = wanted.department_id, wanted.specialty_id
    profile.employee_number, profile.bookable = wanted.employee_number, wanted.bookable
    profile.phone = key.seal(wanted.phone, "professional", "phone", profile.id) if wanted.phone else None
    await flush_unique(db, {"uq_professional_employee_number": EmployeeNumberTaken()})
    return shown((await db.execute(profiles().where(Member.id == member_id))).one(), key)


def check_may_change(db: AsyncSession, member_id: UUID) -> None:
    """Administrators change anybody, a clinician themselves."""
    actor = actor_of(db)
    if not (actor.may("professionals:write") or (actor.may("professionals:own") and actor.member_id == member_id)):
        raise Forbidden("Only an administrator changes somebody else.", permission="professionals:write")


def check_administered(db: AsyncSession, profile: Professional, wanted: ProfessionalIn) -> None:
    now = (profile.department_id, profile.employee_number)
    if now != (wanted.department_id, wanted.employee_number) and not actor_of(db).may("professionals:write"):
        raise Forbidden("Department and employee number are an administrator's to change.")


def shown(row: Row[Member, Professional, str, str], key: Key) -> ProfessionalOut:
    member: Member = row.Member
    profile: Professional | None = row.Professional
    phone = profile.phone if profile else None
    return ProfessionalOut(
        id=member.id,
        given_name=member.given_name,
        family_name=member.family_name,
        role=member.role,
        department_id=profile.department_id if profile else None,
        department=row.department,
        specialty_id=profile.specialty_id if profile else None,
        specialty=row.specialty or member.specialty,
        employee_number=profile.employee_number if profile else None,
        phone=key.open(phone, "professional", "phone", profile.id) if profile and phone else None,
        bookable=profile.bookable if profile else True,
    )
