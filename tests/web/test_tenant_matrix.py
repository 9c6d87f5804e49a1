"""Every operation × every place an id can go × every kind of caller: nobody is given what is another organization's."""

import asyncio
import re
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import httpx2
import orjson
import pytest
from sqlalchemy import text
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from auricle.actor import Actor
from auricle.identity.models import Account
from auricle.jobs.queue import enqueue
from tests.running_service import HASH, Service
from tests.web.attacks import FILE, Attack, attacks
from tests.web.conftest import CANARY, Hospital

# What a platform administrator may do in every organization: its people and roles, never anything clinical.
PLATFORM = "/api/v1/admin/hospitals"
AT_ONCE = 8
# Change by themselves, whoever asks: the sealer, the meter and the queue of the hospital's own work.
RESTLESS = {"audit_link", "usage_record", "spending", "live_event", "ticket", "request_key", "auth_session"}


@pytest.fixture(scope="module")
def pair(hospitals: tuple[Hospital, Hospital]) -> tuple[Hospital, Hospital]:
    return hospitals


async def callers(service: Service, ours: Hospital) -> dict[str, dict[str, str]]:
    async with service.client(ours.headers["org_admin"]) as http:
        scopes = (await http.get("/api/v1/api-keys/scopes")).raise_for_status().json()["scopes"]
        key = (await http.post("/api/v1/api-keys", json={"name": "All", "scopes": scopes})).raise_for_status().json()
    async with service.database.transaction(Actor.nobody()) as db:
        admin = Account(email=f"platform-{uuid4().hex}@example.org", password_hash=HASH, platform_admin=True)
        db.add(admin)
    platform = await service.headers(Actor(kind="user", account_id=admin.id))
    return {
        **ours.headers,
        "api key": {"authorization": f"Bearer {key['key']}"},
        "platform admin": platform,
        "anonymous": {},
    }


async def send(http: httpx2.AsyncClient, attack: Attack) -> httpx2.Response:
    given: dict[str, Any] = {}
    if "multipart" in attack.media:
        given["files"] = FILE
    elif "json" in attack.media:
        given["json"] = attack.body
    elif attack.media:
        given.update(content=b"name: Intruder\n", headers={"content-type": attack.media})
    return await http.request(attack.method, attack.path, params=attack.query, **given)


def wrong_with(caller: str, attack: Attack, answer: httpx2.Response, theirs: set[str]) -> str | None:
    told = f"{caller}: {attack.kind} {attack.method} {attack.template} {attack.stolen}: {answer.status_code}"
    if answer.status_code >= 500:
        return f"{told} {answer.text[:200]}"
    if CANARY in answer.text or CANARY in str(answer.headers):
        return f"{told} holds the other's text"
    if not answer.is_success or (caller == "platform admin" and attack.path.startswith(PLATFORM)):
        return None
    if caller == "anonymous":
        return None if "authorization" not in str(answer.request.headers) and is_public(attack) else f"{told} unsigned"
    if attack.kind in ("path", "body") and attack.method != "GET":
        return f"{told} was done: {answer.text[:200]}"
    if attack.kind == "path":
        return f"{told} was shown: {answer.text[:200]}"
    if attack.template.startswith("/api/v1/audit"):
        return None  # our own refused attempts name what was asked for: `asked_in_vain` looks at each of them
    named = set(re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", answer.text)) & theirs
    return f"{told} names {named}" if named else None


def is_public(attack: Attack) -> bool:
    return attack.template in ("/health", "/ready", "/api/v1", "/metrics") or "invitation" in attack.template


async def fingerprint(service: Service, hospital: Hospital) -> dict[str, Any]:
    """What every table holds of a hospital, as it sees it itself."""
    async with service.database.transaction(Actor.system(hospital.organization_id)) as db:
        tables = (
            (
                await db.execute(
                    text(
                        "select c.table_name from information_schema.columns c "
                        "join information_schema.tables t using (table_name) "
                        "where c.column_name = 'organization_id' and c.table_schema = 'public' "
                        "and t.table_type = 'BASE TABLE'"
                    )
                )
            )
            .scalars()
            .all()
        )
        return {
            table: (
                await db.execute(
                    text(
                        f"select count(*), md5(string_agg(md5(t::text), '' order by md5(t::text))) from {table} t "
                        "where organization_id = :organization"
                    ),
                    {"organization": hospital.organization_id},
                )
            ).one()
            for table in sorted(set(tables) - RESTLESS)
        }


async def asked_in_vain(service: Service, ours: Hospital, stolen: set[str]) -> bool:
    """Every entry of our audit that names a thing of theirs is of a refusal, or of a list that was asked for by it."""
    statement = text(
        "select action, entity, outcome, new from audit_entry where entity_id = any(cast(:stolen as uuid[]))"
    )
    async with service.database.transaction(Actor.system(ours.organization_id)) as db:
        rows = (await db.execute(statement, {"stolen": sorted(stolen)})).all()
    allowed = {(row.action, row.entity, str(row.new)) for row in rows if row.outcome != "refused"}
    assert not allowed, allowed
    return bool(rows)


async def test_no_caller_is_given_what_is_another_organizations(
    service: Service, pair: tuple[Hospital, Hospital], record_property: Any
) -> None:
    theirs, ours = pair
    async with service.client() as http:
        document = (await http.get("/openapi.json")).raise_for_status().json()
    own = set(ours.ids.values())
    stolen = {i for i in theirs.ids.values() if i not in own and re.fullmatch(r"[0-9a-f-]{36}", i)}
    plan = list({repr(a): a for a in attacks(document, theirs.ids, ours.ids)}.values())
    everyone, before = await callers(service, ours), await fingerprint(service, theirs)
    kinds: Counter[str] = Counter()
    wrong: list[str] = []
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(http: httpx2.AsyncClient, caller: str, attack: Attack) -> None:
        async with turn:
            answer = await send(http, attack)
        kinds[attack.kind] += 1
        if leak := wrong_with(caller, attack, answer, stolen):
            wrong.append(leak)

    for caller, headers in everyone.items():
        async with service.client(headers) as http:
            wanted = [a for a in plan if not (caller == "platform admin" and a.template.startswith(PLATFORM))]
            await asyncio.gather(*(one(http, caller, attack) for attack in wanted))
    after = await fingerprint(service, theirs)
    assert not wrong, "\n".join(sorted(wrong))
    assert {t for t in before if before[t] != after[t]} == set()
    assert await asked_in_vain(service, ours, stolen)
    record_property("checks", kinds.total())
    print(f"\n{kinds.total()} checks ({dict(kinds)}) by {len(everyone)} kinds of caller, 0 leaks")
    assert kinds.total() > 1_500


async def test_a_socket_is_not_opened_for_another_hospitals_consultation(
    service: Service, pair: tuple[Hospital, Hospital]
) -> None:
    theirs, ours = pair
    consultation_id = theirs.ids["consultation_id"]
    async with service.client(ours.headers["patient"]) as http:
        assert (await http.post("/api/v1/ws/tickets", json={"consultation_id": consultation_id})).status_code == 404
        own = (await http.post("/api/v1/consultation/create", json={"type": "voice"})).raise_for_status().json()
        ticket = (await http.post("/api/v1/ws/tickets", json={"consultation_id": own["consultation_id"]})).json()[
            "ticket"
        ]
    moved = f"{theirs.organization_id.hex}.{ticket.partition('.')[2]}"  # the ticket, said to be of the other hospital
    for attempt in (moved, f"{theirs.organization_id.hex}.guess", "x"):
        with pytest.raises((InvalidStatus, ConnectionClosed)):
            protocols: Any = ["auricle.v1", f"ticket.{attempt}"]
            async with connect(service.ws_url, subprotocols=protocols) as live:
                await live.send(orjson.dumps({"type": "init-session", "consultation_id": consultation_id}).decode())
                await asyncio.wait_for(drained(live), 10)
    protocols = ["auricle.v1", f"ticket.{ticket}"]
    async with connect(service.ws_url, subprotocols=protocols) as live:
        await live.send(orjson.dumps({"type": "init-session", "consultation_id": consultation_id}).decode())
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(drained(live), 10)


async def drained(live: Any) -> None:
    while True:
        told = await live.recv()
        assert CANARY not in str(told)
        assert isinstance(told, bytes) or orjson.loads(told)["type"] != "session", "the session was opened"


JOBS = {
    "notes.generate": ("note_id",),
    "knowledge.ingest": ("document_id",),
    "patients.export": ("export_id",),
    "patients.complete_erasure": ("erasure_id",),
    "identity.mail_invitation": ("invitation_id",),
}


async def test_a_job_of_one_hospital_with_anothers_ids_changes_nothing_there(
    service: Service, pair: tuple[Hospital, Hospital]
) -> None:
    theirs, ours = pair
    before = await fingerprint(service, theirs)
    async with service.database.transaction(Actor.system(ours.organization_id)) as db:
        for task, names in JOBS.items():
            await enqueue(db, task, **{name: UUID(theirs.ids[name]) for name in names})
        for task in ("documents.extract", "documents.remove_file"):
            await enqueue(db, task, document_id=UUID(theirs.ids["patient_document_id"]))
    await asyncio.sleep(2)
    assert await fingerprint(service, theirs) == before


async def test_the_matrix_would_see_a_leak(service: Service, pair: tuple[Hospital, Hospital]) -> None:
    """The same requests by the hospital's own administrator are answered, so a refusal is a refusal of the stranger."""
    theirs, _ = pair
    async with service.client() as http:
        document = (await http.get("/openapi.json")).raise_for_status().json()
    seen = 0
    async with service.client(theirs.headers["org_admin"]) as http:
        for attack in attacks(document, theirs.ids, theirs.ids):
            if attack.method == "GET" and attack.kind in ("path", "plain"):
                answer = await send(http, attack)
                seen += answer.is_success and (
                    CANARY in answer.text or any(i in answer.text for i in theirs.ids.values())
                )
    assert seen > 15
