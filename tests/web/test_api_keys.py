"""Keys of machines: shown once, scoped, over when revoked, expired, or when their maker has gone."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from auricle.actor import Actor
from auricle.db.session import Database
from auricle.identity.api_keys import ApiKey, Machines, hash_of, new_key
from auricle.identity.models import Member, MemberStatus
from auricle.identity.tokens import BadToken
from tests import builders
from tests.running_service import Service
from tests.web.conftest import Hospital

SCOPES = ["patients:read", "patients:write"]


async def made(service: Service, hospital: Hospital, **given: Any) -> dict[str, Any]:
    async with service.client(hospital.headers["org_admin"]) as http:
        answer = await http.post("/api/v1/api-keys", json={"name": "Import", "scopes": SCOPES, **given})
    assert answer.status_code == 201, answer.text
    key: dict[str, Any] = answer.json()
    return key


def bearer(key: dict[str, Any]) -> dict[str, str]:
    return {"authorization": f"Bearer {key['key']}"}


def test_a_key_has_256_random_bits_and_a_prefix_that_scanners_can_find() -> None:
    keys = {new_key() for _ in range(500)}
    assert len(keys) == 500
    assert all(re.fullmatch(r"auk_[0-9A-Za-z]{43}", key) for key in keys)


async def test_a_key_does_what_its_scopes_name_and_nothing_else(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    key = await made(service, hospitals[0])
    async with service.client(bearer(key)) as http:
        assert (await http.get("/api/v1/patients")).status_code == 200
        assert (await http.post("/api/v1/patients", json={"given_name": "A", "family_name": "B"})).status_code == 201
        assert (await http.get("/api/v1/agents")).status_code == 403
        assert (await http.get("/api/v1/api-keys")).status_code == 403
        assert (await http.get("/api/v1/auth/me")).status_code == 403, "a machine has no sign-in of its own"


async def test_only_the_hash_of_a_key_is_stored_and_the_text_is_never_shown_again(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    key = await made(service, hospitals[0])
    async with service.database.transaction(Actor.system(hospitals[0].organization_id)) as db:
        stored = (await db.execute(select(ApiKey).where(ApiKey.hash == hash_of(key["key"])))).scalar_one()
        whole = (await db.execute(text("select t::text from api_key t where id = :id"), {"id": stored.id})).scalar_one()
        audit = (
            await db.execute(text("select string_agg(a::text, '|') from audit_entry a where entity = 'api_key'"))
        ).scalar_one()
    secret = key["key"].removeprefix("auk_")
    assert secret not in whole and secret not in audit and hash_of(key["key"]).hex() not in audit
    async with service.client(hospitals[0].headers["org_admin"]) as http:
        listed = await http.get("/api/v1/api-keys")
    assert str(stored.id) in listed.text and key["key"] not in listed.text


@pytest.mark.parametrize(
    ("scopes", "status", "code"),
    [
        (["notes:approve"], 403, "key.scope_refused"),
        (["keys:write"], 403, "key.scope_refused"),
        (["organizations:write"], 403, "key.scope_refused"),
        (["no:such"], 422, "key.unknown_scope"),
        (["*"], 422, "key.unknown_scope"),
        ([], 422, "validation.invalid"),
    ],
)
async def test_a_scope_beyond_the_maker_or_for_people_only_is_refused(
    service: Service, hospitals: tuple[Hospital, Hospital], scopes: list[str], status: int, code: str
) -> None:
    async with service.client(hospitals[0].headers["org_admin"]) as http:
        answer = await http.post("/api/v1/api-keys", json={"name": "x", "scopes": scopes})
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)


async def test_a_revoked_key_stops_within_a_second(service: Service, hospitals: tuple[Hospital, Hospital]) -> None:
    key = await made(service, hospitals[0])
    async with service.client(bearer(key)) as http:
        assert (await http.get("/api/v1/patients")).status_code == 200
        async with service.client(hospitals[0].headers["org_admin"]) as admin:
            assert (await admin.delete(f"/api/v1/api-keys/{key['id']}")).status_code == 204
        await asyncio.sleep(1.05)
        assert (await http.get("/api/v1/patients")).status_code == 401


async def test_another_hospital_can_not_revoke_a_key(service: Service, hospitals: tuple[Hospital, Hospital]) -> None:
    key = await made(service, hospitals[0])
    async with service.client(hospitals[1].headers["org_admin"]) as http:
        assert (await http.delete(f"/api/v1/api-keys/{key['id']}")).status_code == 404
        assert key["id"] not in (await http.get("/api/v1/api-keys")).text
    async with service.client(bearer(key)) as http:
        assert (await http.get("/api/v1/patients")).status_code == 200


@pytest.mark.parametrize("token", ["auk_", "auk_" + "0" * 43, "auk_" + "z" * 42, "auk_" + "z" * 400, "auk_" + "é" * 43])
async def test_a_key_that_nobody_made_is_refused(database: Database, token: str) -> None:
    with pytest.raises(BadToken):
        await Machines(database).actor(token, "198.51.100.7")


async def own_key(database: Database, role: str = "org_admin", **given: Any) -> tuple[Actor, str]:
    """A key made in a new organization, straight into the table."""
    maker = await builders.make_member(database, await builders.make_organization(database), role)
    secret = new_key()
    row = {
        "name": "n",
        "hash": hash_of(secret),
        "hint": secret[:8],
        "scopes": [*SCOPES, "audit:read", "notes:approve"],
        "created_by": maker.member_id,
        "expires_at": datetime.now(UTC) + timedelta(days=1),
        "last_used_from": "",
    }
    async with database.transaction(maker) as db:
        db.add(ApiKey(**{**row, **given}))
    return maker, secret


async def test_a_key_is_limited_to_what_its_maker_may_still_do(database: Database) -> None:
    maker, secret = await own_key(database)
    machines = Machines(database, fresh_s=0)
    assert (await machines.actor(secret, "")).permissions == {*SCOPES, "audit:read"}
    async with database.transaction(maker) as db:
        await db.execute(update(Member).where(Member.id == maker.member_id).values(role="staff"))
    assert (await machines.actor(secret, "")).permissions == set(SCOPES)
    async with database.transaction(maker) as db:
        await db.execute(update(Member).where(Member.id == maker.member_id).values(status=MemberStatus.SUSPENDED))
    with pytest.raises(BadToken):
        await machines.actor(secret, "")


async def test_an_expired_key_is_refused(database: Database) -> None:
    _, secret = await own_key(database, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    with pytest.raises(BadToken):
        await Machines(database).actor(secret, "")


async def test_the_last_use_is_noted_at_most_once_a_minute_and_not_audited(database: Database) -> None:
    maker, secret = await own_key(database)
    machines, uses = Machines(database, fresh_s=0), []
    for address in ("198.51.100.7", "198.51.100.8"):
        await machines.actor(secret, address)
        async with database.transaction(maker) as db:
            key = (await db.execute(select(ApiKey).where(ApiKey.hash == hash_of(secret)))).scalar_one()
            uses.append((key.last_used_at, key.last_used_from))
    assert uses[0] == uses[1] and uses[0][1] == "198.51.100.7"
    async with database.transaction(maker) as db:
        entries = (await db.execute(text("select action from audit_entry where entity = 'api_key'"))).scalars().all()
    assert entries == ["insert"]
