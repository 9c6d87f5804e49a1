"""Pages of a list whose rows change, move and vanish while somebody reads on."""

import pytest
from sqlalchemy import func, select, update

from auricle.actor import Actor
from auricle.db.keyset import BadCursor, Order, alphabetical, in_order
from auricle.db.session import Database
from auricle.identity.models import Department
from tests.builders import make_member, make_organization


@pytest.fixture
async def admin(database: Database) -> Actor:
    return await make_member(database, await make_organization(database), "org_admin")


async def add(database: Database, actor: Actor, *names: str) -> list[Department]:
    async with database.transaction(actor) as db:
        rows = [Department(name=name) for name in names]
        db.add_all(rows)
    return rows


async def read(database: Database, actor: Actor, order: Order, limit: int = 2, *, but: str = "") -> list[Department]:
    async with database.transaction(actor) as db:
        by = {"name": alphabetical(Department.name), "length": func.length(Department.name)}
        statement = await in_order(db, select(Department), order, Department.id, limit=limit, **by)
        return list(await db.scalars(statement.where(Department.name != but)))


async def test_a_page_goes_on_after_a_row_that_left_the_list_meanwhile(database: Database, admin: Actor) -> None:
    await add(database, admin, "d", "a", "c", "b")
    first = await read(database, admin, Order("name", descending=False))
    rest = await read(database, admin, Order("name", descending=False, after=first[-1].id), but="b")
    assert [one.name for one in first + rest] == ["a", "b", "c", "d"]


async def test_rows_that_are_alike_come_in_the_order_of_their_age_and_none_twice(
    database: Database, admin: Actor
) -> None:
    rows = await add(database, admin, "ward", "x-ray", "ear", "icu")
    for descending in (False, True):
        seen: list[Department] = []
        while page := await read(database, admin, Order("length", descending, seen[-1].id if seen else None), 1):
            seen += page
        wanted = [one.id for one in sorted(rows, key=lambda one: (len(one.name), one.id), reverse=descending)]
        assert [one.id for one in seen] == wanted


async def test_a_row_added_between_two_pages_repeats_and_hides_no_other(database: Database, admin: Actor) -> None:
    await add(database, admin, "b", "d", "f")
    first = await read(database, admin, Order("name", descending=True))
    await add(database, admin, "e", "a")
    rest = await read(database, admin, Order("name", descending=True, after=first[-1].id), 9)
    assert [one.name for one in first + rest] == ["f", "d", "b", "a"]


async def test_a_list_by_name_goes_on_from_where_its_last_row_is_called_now(database: Database, admin: Actor) -> None:
    await add(database, admin, "a", "b", "c", "z")
    first = await read(database, admin, Order("name", descending=False))
    async with database.transaction(admin) as db:
        await db.execute(update(Department).where(Department.id == first[-1].id).values(name="y"))
    rest = await read(database, admin, Order("name", descending=False, after=first[-1].id))
    assert [one.name for one in rest] == ["z"]


async def test_a_list_by_name_after_a_row_that_is_gone_or_anothers_is_refused(database: Database, admin: Actor) -> None:
    stranger = await make_member(database, await make_organization(database), "org_admin")
    await add(database, admin, "a", "b")
    (theirs,) = await add(database, stranger, "a")
    (ours,) = await read(database, admin, Order("name"), 1)
    async with database.transaction(admin) as db:
        await db.delete(await db.get_one(Department, ours.id))
    for gone in (ours.id, theirs.id):
        with pytest.raises(BadCursor):
            await read(database, admin, Order("name", after=gone))
    assert [one.name for one in await read(database, admin, Order(after=gone))] == [
        "a"
    ]  # an id is a moment, gone or not
