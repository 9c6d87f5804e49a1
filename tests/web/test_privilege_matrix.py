"""Operations × roles: the reviewed table says what the routes ask for, and the running service does what it says."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx2
import pytest_asyncio

from auricle.actor import Actor
from auricle.db.base import new_id
from auricle.identity.models import Account, AuthSession
from auricle.identity.privileges import Operation
from auricle.identity.roles import BUILT_IN
from auricle.identity.tokens import Claims, issue_access
from tests.running_service import Service
from tests.web import privileges
from tests.web.conftest import Hospital
from tests.web.privileges import ROLES, application_operations, verdict

LINKED = "/api/v1/documents/{document_id}/file"  # opened by a link, which says for whose sign-in it was made


def test_the_reviewed_table_says_what_the_routes_ask_for():
    reviewed = privileges.FILE.read_text("utf-8").splitlines()
    actual = privileges.page().splitlines()
    new = [line for line in actual if line not in reviewed]
    gone = [line for line in reviewed if line not in actual]
    assert not new and not gone, (
        "docs/privileges.md is not what the routes say: run `python -m tests.web.privileges`, review the difference.\n"
        + "\n".join([*(f"+ {line}" for line in new), *(f"- {line}" for line in gone)])
    )


def test_what_needs_no_permission_is_what_can_need_none():
    """A new operation that is open to all or to whoever is signed in must be argued for here."""
    free = {"/health", "/ready", "/metrics", "/api/v1", LINKED}
    for one in application_operations():
        if not one.needs:
            open_to_all = ("/api/v1/auth/", "/webhooks/")  # a carrier signs, with the secret of the line it names
            assert one.path in free or one.path.startswith(open_to_all) or one.path == "/api/v1/users/me/profile", one


def test_no_permission_that_a_route_asks_for_is_one_that_nobody_could_hold():
    known = set().union(*BUILT_IN.values())
    asked = {name for one in application_operations() for any_of in one.needs for name in any_of}
    assert asked <= known


class Signed:
    """One person of each role. Operations without a permission may end the sign-in that they are called with."""

    def __init__(self, service: Service, people: dict[str, Actor]) -> None:
        self.service, self.people = service, people
        self._kept: dict[str, dict[str, str]] = {}

    async def headers(self, role: str, one: Operation | None = None) -> dict[str, str]:
        if one is None or not one.needs:
            return await self.fresh(role)
        if role not in self._kept:
            self._kept[role] = await self.fresh(role)
        return self._kept[role]

    async def fresh(self, role: str) -> dict[str, str]:
        who = self.people[role]
        session = AuthSession(
            account_id=who.account_id,
            organization_id=who.organization_id,
            member_id=who.member_id,
            expires_at=datetime.now(UTC) + timedelta(minutes=15),
        )
        async with self.service.database.transaction(who) as db:
            db.add(session)
        assert who.account_id is not None
        claims = Claims(who.account_id, session.id, who.organization_id, who.member_id)
        return {"authorization": f"Bearer {issue_access(self.service.keyring.token_secret, claims, lifetime_s=900)}"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def signed(service: Service, hospitals: tuple[Hospital, Hospital]) -> Signed:
    people = dict(hospitals[1].people)
    account = Account(id=new_id(), email="platform-matrix@example.org", platform_admin=True)
    async with service.database.transaction(Actor.nobody()) as db:
        db.add(account)
    people["platform_admin"] = Actor(kind="user", account_id=account.id)
    return Signed(service, people)


async def call(http: httpx2.AsyncClient, one: Operation, headers: dict[str, str], hospital_id: UUID) -> httpx2.Response:
    """Call with ids that nothing has and a body that nothing accepts: past the permission, nothing can happen."""
    ids = {"hospital_id": str(hospital_id), "name": "no-such-thing", "number": "1"}
    path = re.sub(r"\{(\w+)\}", lambda match: ids.get(match.group(1), str(uuid4())), one.path)
    body = {} if one.method in ("POST", "PUT", "PATCH") else None
    answer = await http.send(http.build_request(one.method, path, headers=headers, json=body), stream=True)
    if answer.status_code in (401, 403):
        await answer.aread()
    await answer.aclose()  # a stream of events would not end
    return answer


def refused_for_lack_of(answer: httpx2.Response, one: Operation) -> bool:
    """Refused at the door, which names the first of the permissions that would do. (Behind it a row may be refused.)"""
    if answer.status_code != 403:
        return False
    if one.path.startswith("/v1/"):  # in OpenAI's form
        return any(f"It needs {names[0]}." in answer.json()["error"]["message"] for names in one.needs)
    return answer.json()["context"].get("permission") in {names[0] for names in one.needs}


async def test_the_service_does_what_the_table_says(
    service: Service, hospitals: tuple[Hospital, Hospital], signed: Signed, record_property
) -> None:
    hospital_id, wrong, cells = hospitals[1].organization_id, [], 0
    async with service.client() as http:

        async def cell(one: Operation, role: str | None) -> str | None:
            answer = await call(http, one, await signed.headers(role, one) if role else {}, hospital_id)
            status, refused = answer.status_code, refused_for_lack_of(answer, one)
            if role is None:
                fits = (status == 401) == one.signed_in or one.path.startswith(("/api/v1/auth/", LINKED))
            else:
                fits = refused != verdict(one, role) and not (status == 401 and one.needs)
            return None if fits and status < 500 else f"{role or 'nobody'} {one.method} {one.path}: {status}"

        for one in application_operations():
            answers = await asyncio.gather(*(cell(one, role) for role in (None, *ROLES)))
            cells += len(answers)
            wrong += [answer for answer in answers if answer]
    assert not wrong, "\n".join(wrong)
    record_property("cells", cells)
    print(f"\n{cells} cells of operations × roles (and nobody), each called and equal to the reviewed table")
    assert cells > 600


async def test_a_custom_role_opens_exactly_what_its_preview_says(
    service: Service, hospitals: tuple[Hospital, Hospital], signed: Signed
) -> None:
    hospital = hospitals[1]
    there = f"/api/v1/admin/hospitals/{hospital.organization_id}"
    async with service.client(await signed.headers("org_admin")) as http:
        roles = (await http.get(f"{there}/roles")).raise_for_status().json()["items"]
        clinician = next(role["id"] for role in roles if role["name"] == "clinician")
        body = {"name": "Note reader", "parent_id": clinician, "permissions": ["notes:read", "departments:read"]}
        role = (await http.post(f"{there}/roles", json=body)).raise_for_status().json()
        preview = (await http.get(f"{there}/roles/{role['id']}/preview")).raise_for_status().json()
        staff = hospital.people["staff"]
        await http.patch(f"{there}/members/{staff.member_id}", json={"role_id": role["id"]})
        try:
            await asyncio.sleep(1.1)
            opened = {(one["method"], one["path"]) for one in preview["operations"]}
            assert {"notes:read", "departments:read"} == {one["name"] for one in preview["permissions"]}
            assert ("GET", "/api/v1/soap/notes") in opened
            for one in application_operations():
                if one.needs:
                    answer = await call(http, one, await signed.headers("staff", one), hospital.organization_id)
                    assert refused_for_lack_of(answer, one) != ((one.method, one.path) in opened), (
                        one,
                        answer.status_code,
                    )
        finally:
            built_in = next(role["id"] for role in roles if role["name"] == "staff")
            await http.patch(f"{there}/members/{staff.member_id}", json={"role_id": built_in})
