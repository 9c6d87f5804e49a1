"""A time is given to one, however many ask at once; patients see and book their own."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta

import psycopg
import pytest
from sqlalchemy import func, select

from auricle.actor import Actor
from auricle.db.keyset import NEWEST
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.errors import Forbidden, NotFound
from auricle.identity.models import Organization
from auricle.identity.roles import permissions_of
from auricle.patients.appointments.book import (
    MOST_OWN,
    BadTime,
    Booking,
    NotBookable,
    NotBooked,
    SlotTaken,
    TooManyAhead,
    book,
    cancel,
    find_appointment,
    move,
)
from auricle.patients.appointments.free import bookable_professionals, free_times
from auricle.patients.appointments.models import AppointmentSlot, AppointmentStatus
from auricle.patients.appointments.read import list_appointments, shown
from auricle.patients.appointments.routes import bookable
from auricle.patients.professionals.models import ExceptionKind
from auricle.patients.professionals.profile import EmployeeNumberTaken, change_professional, list_professionals
from auricle.patients.professionals.schemas import ExceptionIn, OpeningIn, ProfessionalIn
from auricle.patients.professionals.week import add_exception, set_week
from tests.builders import make_member, make_organization, make_patient

NOW = datetime(2026, 11, 30, 6, tzinfo=UTC)  # a Monday
NINE = datetime(2026, 12, 1, 3, 30, tzinfo=UTC)  # Tuesday, 09:00 in India
HALF_HOUR = timedelta(minutes=30)


class Clinic:
    """A hospital in India with a clinician who works nine to five, and two patients."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self.database, self.keyring = database, keyring

    async def open(self) -> "Clinic":
        organization_id = await make_organization(self.database)
        self.desk = await make_member(self.database, organization_id, "org_admin")
        self.clinician = await make_member(self.database, organization_id, "clinician")
        async with self.database.transaction(self.desk) as db:
            (await db.get_one(Organization, organization_id)).time_zone = "Asia/Kolkata"
            week = [OpeningIn(weekday=day, opens=time(9), closes=time(17)) for day in range(5)]
            await set_week(db, self.clinician.member_id, week)
        self.asha = await self.patient("Asha")
        self.vikram = await self.patient("Vikram")
        return self

    async def patient(self, name: str) -> Actor:
        patient = await make_patient(self.database, self.keyring, self.desk, given_name=name)
        return Actor(
            "user",
            self.desk.organization_id,
            role="patient",
            permissions=permissions_of("patient"),
            patient_id=patient.id,
        )

    async def book(self, actor: Actor, at: datetime, minutes: int = 30, *, patient: Actor | None = None, **more):
        wanted = Booking((patient or actor).patient_id, self.clinician.member_id, at, minutes, **more)
        async with self.database.transaction(actor) as db:
            return await book(db, self.keyring, wanted, now=NOW)

    async def free(self, actor: Actor, day: date = date(2026, 12, 1), minutes: int = 30) -> list[datetime]:
        async with self.database.transaction(actor) as db:
            return (await free_times(db, self.clinician.member_id, day, 1, minutes, now=NOW, limit=500))[1]

    async def slots(self) -> int:
        async with self.database.transaction(self.desk) as db:
            return await db.scalar(select(func.count(AppointmentSlot.id))) or 0


@pytest.fixture
async def clinic(database, keyring) -> Clinic:
    return await Clinic(database, keyring).open()


async def test_a_booked_time_is_no_longer_free_and_a_cancelled_one_is_again(clinic) -> None:
    assert (await clinic.free(clinic.asha))[0] == NINE
    assert len(await clinic.free(clinic.asha)) == 16
    appointment = await clinic.book(clinic.asha, NINE, reason="Ringing in the left ear")
    assert NINE not in await clinic.free(clinic.vikram)
    async with clinic.database.transaction(clinic.asha) as db:
        assert (await shown(db, clinic.keyring, appointment)).reason == "Ringing in the left ear"
        assert b"Ringing" not in appointment.reason
        await cancel(db, appointment.id, now=NOW)
        await cancel(db, appointment.id, now=NOW)
    assert NINE in await clinic.free(clinic.vikram)
    assert await clinic.slots() == 0


async def test_of_twenty_who_ask_at_once_for_overlapping_times_nobody_gets_the_same_minute(clinic) -> None:
    patients = [await clinic.patient(f"Patient {n}") for n in range(20)]
    starts = [NINE + timedelta(minutes=5 * (n % 4)) for n in range(20)]  # each overlaps each
    results = await asyncio.gather(
        *(clinic.book(p, at) for p, at in zip(patients, starts, strict=True)), return_exceptions=True
    )
    won = [r for r in results if not isinstance(r, BaseException)]
    assert len(won) == 1
    assert all(isinstance(r, SlotTaken) for r in results if isinstance(r, BaseException))
    assert await clinic.slots() == 6


async def test_one_patient_is_not_booked_with_two_professionals_at_once(clinic) -> None:
    other = await make_member(clinic.database, clinic.desk.organization_id, "clinician")
    async with clinic.database.transaction(clinic.desk) as db:
        await set_week(db, other.member_id, [OpeningIn(weekday=1, opens=time(9), closes=time(17))])

    async def ask(member_id) -> object:
        async with clinic.database.transaction(clinic.asha) as db:
            return await book(db, clinic.keyring, Booking(clinic.asha.patient_id, member_id, NINE, 30), now=NOW)

    results = await asyncio.gather(ask(clinic.clinician.member_id), ask(other.member_id), return_exceptions=True)
    assert sorted(type(r).__name__ for r in results) == ["Appointment", "SlotTaken"]


async def test_moving_to_a_taken_time_leaves_the_old_one_and_moving_by_a_little_works(clinic) -> None:
    mine = await clinic.book(clinic.asha, NINE)
    await clinic.book(clinic.vikram, NINE + HALF_HOUR)
    with pytest.raises(SlotTaken):
        async with clinic.database.transaction(clinic.asha) as db:
            await move(db, mine.id, NINE + timedelta(minutes=5), now=NOW)
    async with clinic.database.transaction(clinic.asha) as db:
        assert (await find_appointment(db, mine.id)).starts_at == NINE
        moved = await move(db, mine.id, NINE + timedelta(minutes=5), minutes=25, now=NOW)
        assert moved.ends_at == NINE + HALF_HOUR
    assert await clinic.slots() == 11


async def test_two_who_swap_into_each_others_time_at_once_end_without_a_double_booking(clinic) -> None:
    one, two = await clinic.book(clinic.asha, NINE), await clinic.book(clinic.vikram, NINE + HALF_HOUR)

    async def shift(actor, appointment, at) -> None:
        async with clinic.database.transaction(actor) as db:
            await move(db, appointment.id, at, now=NOW)

    results = await asyncio.gather(
        shift(clinic.asha, one, NINE + HALF_HOUR), shift(clinic.vikram, two, NINE), return_exceptions=True
    )
    assert {type(result) for result in results if result is not None} == {SlotTaken}
    async with clinic.database.transaction(clinic.desk) as db:
        starts = [a.starts_at for a in await list_appointments(db, status=AppointmentStatus.BOOKED)]
    assert len(starts) == len(set(starts)) == 2
    assert await clinic.slots() == 12


async def test_the_database_itself_refuses_a_second_booking_of_a_slot(clinic, urls) -> None:
    appointment = await clinic.book(clinic.asha, NINE)
    with psycopg.connect(urls.app) as app:
        app.execute("select set_config('auricle.organization', %s, true)", (str(clinic.desk.organization_id),))
        with pytest.raises(psycopg.errors.UniqueViolation):
            app.execute(
                "insert into appointment_slot (id, appointment_id, member_id, patient_id, starts_at) "
                "values (gen_random_uuid(), %s, %s, %s, %s)",
                (appointment.id, clinic.clinician.member_id, clinic.vikram.patient_id, NINE),
            )


@pytest.mark.parametrize(
    ("at", "error"),
    [
        (NINE + timedelta(minutes=3), BadTime), (NOW - HALF_HOUR, BadTime), (NINE + timedelta(days=800), BadTime),
        (datetime(1, 1, 1, tzinfo=UTC), BadTime), (datetime.max.replace(tzinfo=UTC), BadTime),
        (NINE - HALF_HOUR, NotBookable), (NINE + timedelta(hours=7, minutes=45), NotBookable),
        (NINE + timedelta(days=4), NotBookable),
    ],
)  # fmt: skip
async def test_a_time_that_is_not_open_cannot_be_booked(clinic, at, error) -> None:
    with pytest.raises(error):
        await clinic.book(clinic.asha, at)


async def test_a_day_off_closes_the_day_and_staff_may_still_book_it_knowingly(clinic) -> None:
    async with clinic.database.transaction(clinic.clinician) as db:
        off = ExceptionIn(day=date(2026, 12, 1), kind=ExceptionKind.OFF)
        await add_exception(db, clinic.clinician.member_id, off)
    assert await clinic.free(clinic.asha) == []
    with pytest.raises(NotBookable):
        await clinic.book(clinic.asha, NINE)
    with pytest.raises(Forbidden):
        await clinic.book(clinic.asha, NINE, outside_hours=True)
    assert (await clinic.book(clinic.desk, NINE, patient=clinic.asha, outside_hours=True)).starts_at == NINE


async def test_a_patient_books_and_sees_only_their_own(clinic) -> None:
    with pytest.raises(NotFound):
        await clinic.book(clinic.asha, NINE, patient=clinic.vikram)
    theirs = await clinic.book(clinic.vikram, NINE)
    async with clinic.database.transaction(clinic.asha) as db:
        assert list(await list_appointments(db)) == []
        assert list(await list_appointments(db, patient_id=clinic.vikram.patient_id)) == []
        for act in (find_appointment(db, theirs.id), cancel(db, theirs.id, now=NOW),
                    move(db, theirs.id, NINE + HALF_HOUR, now=NOW)):  # fmt: skip
            with pytest.raises(NotFound):
                await act


async def test_a_patient_holds_a_bounded_number_of_times_ahead(clinic) -> None:
    for n in range(MOST_OWN):
        await clinic.book(clinic.asha, NINE + n * HALF_HOUR)
    with pytest.raises(TooManyAhead):
        await clinic.book(clinic.asha, NINE + MOST_OWN * HALF_HOUR)
    await clinic.book(clinic.desk, NINE + MOST_OWN * HALF_HOUR, patient=clinic.asha)


async def test_a_cancelled_appointment_is_not_moved(clinic) -> None:
    appointment = await clinic.book(clinic.asha, NINE)
    async with clinic.database.transaction(clinic.asha) as db:
        await cancel(db, appointment.id, now=NOW)
        with pytest.raises(NotBooked):
            await move(db, appointment.id, NINE + HALF_HOUR, now=NOW)


async def test_another_hospital_books_nobody_and_finds_nothing(clinic, stranger) -> None:
    appointment = await clinic.book(clinic.asha, NINE)
    with pytest.raises(NotFound):
        await clinic.book(stranger, NINE + HALF_HOUR, patient=clinic.asha)
    async with clinic.database.transaction(stranger) as db:
        assert list(await list_appointments(db)) == []
        with pytest.raises(NotFound):
            await find_appointment(db, appointment.id)
        with pytest.raises(NotFound):
            await set_week(db, clinic.clinician.member_id, [])


async def test_who_may_be_booked_is_told_without_numbers_and_unbookable_ones_are_left_out(clinic) -> None:
    async with clinic.database.transaction(clinic.asha) as db:
        (one,) = await bookable_professionals(db)
        told = await bookable(db, clinic.clinician)
    assert told.time_zone == "Asia/Kolkata"  # by it a booking knows what day it is
    assert one.id == clinic.clinician.member_id
    async with clinic.database.transaction(clinic.desk) as db:
        await change_professional(db, clinic.keyring, clinic.clinician.member_id, ProfessionalIn(bookable=False))
    async with clinic.database.transaction(clinic.asha) as db:
        assert await bookable_professionals(db) == []
    with pytest.raises(NotBookable):
        await clinic.book(clinic.asha, NINE)


async def test_an_employee_number_is_unique_in_its_organization_and_an_administrators_to_give(clinic, stranger) -> None:
    other = await make_member(clinic.database, clinic.desk.organization_id, "clinician")
    given = ProfessionalIn(employee_number="E-1", phone="+91 98450 99999")
    async with clinic.database.transaction(clinic.desk) as db:
        profile = await change_professional(db, clinic.keyring, clinic.clinician.member_id, given)
    assert (profile.employee_number, profile.phone) == ("E-1", "+91 98450 99999")
    with pytest.raises(EmployeeNumberTaken):
        async with clinic.database.transaction(clinic.desk) as db:
            await change_professional(db, clinic.keyring, other.member_id, given)
    async with clinic.database.transaction(stranger) as db:
        await change_professional(db, clinic.keyring, stranger.member_id, given)
    async with clinic.database.transaction(clinic.clinician) as db:
        (own,) = await list_professionals(db, clinic.keyring, NEWEST, everyone=False, limit=9)
        assert own == profile
        with pytest.raises(Forbidden):
            await change_professional(
                db, clinic.keyring, clinic.clinician.member_id, ProfessionalIn(employee_number="E-9")
            )
        with pytest.raises(Forbidden):
            await change_professional(db, clinic.keyring, other.member_id, ProfessionalIn())
