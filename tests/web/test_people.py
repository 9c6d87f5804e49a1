"""Organizations and their people over HTTP, from an empty platform to a colleague at work."""

import asyncio
import re
import time
from typing import Any
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio

from auricle.actor import Actor
from auricle.db.base import new_id
from auricle.identity.invitations import letter_of
from auricle.identity.models import Account, Invitation
from auricle.identity.roles import built_in_id
from tests.builders import number
from tests.running_service import HASH, Service
from tests.web.conftest import Hospital

PASSWORD = "seven quiet harbours"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def platform(service: Service) -> dict[str, str]:
    """The headers of a platform administrator who belongs to no organization."""
    email = f"platform-{next(number)}@example.org"
    async with service.database.transaction(Actor.nobody()) as db:
        db.add(Account(id=new_id(), email=email, platform_admin=True, password_hash=HASH))
    return await signed_in(service, email, "correct horse battery")


async def signed_in(service: Service, email: str, password: str) -> dict[str, str]:
    async with service.client() as http:
        answer = await http.post("/api/v1/auth/login", json={"login": email, "password": password})
    return {"authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}


def wanted(**given: Any) -> dict[str, Any]:
    slug = f"riverside-{next(number)}"
    admin = {"email": f"admin@{slug}.example", "given_name": "Farida", "family_name": "Khan"}
    return {"name": slug.title(), "slug": slug, "kind": "clinic", "email": f"desk@{slug}.example",
            "contact_name": "Farida Khan", "admin": admin} | given  # fmt: skip


async def found(service: Service, platform: dict[str, str]) -> dict[str, Any]:
    async with service.client(platform) as http:
        made: dict[str, Any] = (await http.post("/api/v1/admin/hospitals", json=wanted())).raise_for_status().json()
    return made


async def accepted(service: Service, organization_id: str, invitation: dict[str, Any]) -> dict[str, str]:
    """Once the worker has sent its letter, write one to read here; accept, sign in."""
    system, invitation_id = Actor.system(UUID(organization_id)), UUID(invitation["id"])
    deadline, sent_at = time.monotonic() + 15, None
    while sent_at is None:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
        async with service.database.transaction(system) as db:
            sent_at = (await db.get_one(Invitation, invitation_id)).sent_at
    async with service.database.transaction(system) as db:
        letter = await letter_of(db, invitation_id, service.url)
    assert letter is not None
    token = re.search(r"#token=(\S+)", letter.text)
    assert token is not None
    async with service.client() as http:
        shown = await http.post("/api/v1/auth/invitations/read", json={"token": token[1]})
        assert shown.raise_for_status().json()["email"] == invitation["email"]
        taken = await http.post("/api/v1/auth/invitations/accept", json={"token": token[1], "password": PASSWORD})
        assert taken.status_code == 201, taken.text
        assert "access_token" not in taken.text  # a second factor is not to be passed by with a link
    return await signed_in(service, invitation["email"], PASSWORD)


async def refused(answer: httpx2.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["error_code"]) == (status, code), answer.text


async def test_a_hospital_is_founded_its_administrator_joins_and_brings_a_colleague(
    service: Service, platform: dict[str, str]
) -> None:
    made = await found(service, platform)
    hospital_id = made["organization"]["id"]
    there = f"/api/v1/admin/hospitals/{hospital_id}"
    admin = await accepted(service, hospital_id, made["invitation"])
    async with service.client(admin) as http:
        assert len((await http.get("/api/v1/agents")).json()["items"]) == 1
        assert [one["id"] for one in (await http.get("/api/v1/admin/hospitals")).json()["items"]] == [hospital_id]
        role = await http.post(
            f"{there}/roles",
            json={
                "name": "Fitter",
                "parent_id": str(built_in_id("clinician")),
                "permissions": ["notes:read", "patients:read"],
            },
        )
        colleague = f"nita@{made['organization']['slug']}.example"
        offer = {"email": colleague, "role_id": role.json()["id"], "given_name": "Nita", "family_name": "Bose"}
        invitation = (await http.post(f"{there}/invitations", json=offer)).raise_for_status().json()
        await refused(await http.post(f"{there}/invitations", json=offer), 409, "invitation.open")
        await refused(await http.delete(f"{there}/roles/{role.json()['id']}"), 409, "role.in_use")
    fitter = await accepted(service, hospital_id, invitation)
    async with service.client(fitter) as http:
        assert (await http.get("/api/v1/soap/notes")).status_code == 200
        await refused(await http.post("/api/v1/soap/generate", json={}), 403, "authorization.forbidden")
        assert sorted((await http.get("/api/v1/auth/me")).json()["permissions"]) == ["notes:read", "patients:read"]


async def test_the_worker_sends_the_letter(service: Service, platform: dict[str, str]) -> None:
    made = await found(service, platform)
    there = f"/api/v1/admin/hospitals/{made['organization']['id']}"
    deadline = time.monotonic() + 15
    async with service.client(platform) as http:
        while not (await http.get(f"{there}/invitations")).json()["items"][0]["sent_at"]:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
        again = await http.post(f"{there}/invitations/{made['invitation']['id']}/resend")
        assert again.json()["sent_at"] is None
        assert (await http.delete(f"{there}/invitations/{made['invitation']['id']}")).status_code == 204
        assert (await http.get(f"{there}/invitations")).json()["items"] == []


async def test_a_suspended_hospital_is_shut_within_a_second_and_opens_again(
    service: Service, platform: dict[str, str]
) -> None:
    made = await found(service, platform)
    hospital_id = made["organization"]["id"]
    admin = await accepted(service, hospital_id, made["invitation"])
    async with service.client(platform) as http:
        path = f"/api/v1/admin/hospitals/{hospital_id}"
        assert (await http.patch(path, json={"status": "suspended"})).json()["status"] == "suspended"
        await asyncio.sleep(1.2)
        async with service.client(admin) as theirs:
            assert (await theirs.get("/api/v1/agents")).status_code == 401
        assert (await http.patch(path, json={"status": "active"})).status_code == 200
        await signed_in(service, made["invitation"]["email"], PASSWORD)
        await http.patch(path, json={"status": "closed"})
        await refused(await http.patch(path, json={"status": "active"}), 409, "organization.closed")


async def test_the_platforms_administrator_reads_nothing_clinical_of_any_hospital(
    service: Service, platform: dict[str, str], hospitals: tuple[Hospital, Hospital]
) -> None:
    ids = hospitals[0].ids
    async with service.client(platform) as http:
        for path in (
            "/patients",
            f"/patients/{ids['patient_id']}",
            "/consultations",
            "/soap/notes",
            "/rag/documents",
            "/documents",
            f"/documents/{ids['patient_document_id']}/text",
            f"/soap/notes/{ids['note_id']}",
            "/audit/entries",
            f"/consultations/{ids['consultation_id']}",
        ):
            await refused(await http.get(f"/api/v1{path}"), 403, "authorization.forbidden")
        there = f"/api/v1/admin/hospitals/{hospitals[0].organization_id}"
        members = (await http.get(f"{there}/members")).json()["items"]
        assert {"org_admin", "clinician", "staff"} <= {one["role"] for one in members}
        assert "patient" not in {one["role"] for one in members}  # that somebody is one is not for the platform to see
        await refused(await http.get(f"/api/v1/admin/hospitals/{new_id()}/members"), 404, "not_found")


async def test_ids_of_another_hospital_below_ones_own_path_do_not_exist(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    theirs, ours = hospitals
    there, ids = f"/api/v1/admin/hospitals/{ours.organization_id}", theirs.ids
    body = {"name": "X", "parent_id": ids["role_id"], "permissions": []}
    invite = {"email": "x@example.org", "role_id": ids["role_id"], "given_name": "X", "family_name": "Y"}
    clinician = str(ours.people["clinician"].member_id)
    async with service.client(ours.headers["org_admin"]) as http:
        for method, path, sent in (
            ("POST", "/roles", body),
            ("PATCH", f"/roles/{ids['role_id']}", {"name": "X"}),
            ("PATCH", f"/roles/{ours.ids['role_id']}", {"parent_id": ids["role_id"]}),
            ("DELETE", f"/roles/{ids['role_id']}", None),
            ("GET", f"/roles/{ids['role_id']}/preview", None),
            ("POST", "/invitations", invite),
            ("POST", f"/invitations/{ids['invitation_id']}/resend", None),
            ("DELETE", f"/invitations/{ids['invitation_id']}", None),
            ("GET", f"/members/{ids['member_id']}", None),
            ("GET", f"/members?role_id={ids['role_id']}", None),
            ("PATCH", f"/members/{ids['member_id']}", {"given_name": "X"}),
            ("PATCH", f"/members/{clinician}", {"role_id": ids["role_id"]}),
            ("POST", f"/members/{ids['member_id']}/suspend", None),
            ("POST", f"/members/{ids['member_id']}/restore", None),
            ("DELETE", f"/members/{ids['member_id']}", None),
        ):
            await refused(await http.request(method, there + path, json=sent), 404, "not_found")


@pytest.mark.parametrize(
    "given",
    [
        {"slug": "No Slug"},
        {"email": "nobody"},
        {"time_zone": "Moon/Crater"},
        {"kind": "shop"},
        {"status": "closed"},
        {"id": "01900000-0000-7000-8000-000000000000"},
        {"name": "\x00"},
        {"admin": {}},
    ],
)
async def test_an_organization_with_a_bad_or_unasked_field_is_refused(
    service: Service, platform: dict[str, str], given: dict[str, Any]
) -> None:
    async with service.client(platform) as http:
        await refused(await http.post("/api/v1/admin/hospitals", json=wanted(**given)), 422, "validation.invalid")


async def test_a_member_keeps_their_own_profile_and_nobody_else_reads_it(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    ours = hospitals[1]
    profile = {"given_name": "Meera", "family_name": "Iyer", "language": "hi", "birth_date": "1984-06-02",
               "gender": "female", "phone": "+91 98450 71717", "address": "12 Lake Road"}  # fmt: skip
    async with service.client(ours.headers["clinician"]) as http:
        assert (await http.put("/api/v1/users/me/profile", json=profile)).raise_for_status().json() == profile
        assert (await http.put("/api/v1/users/me/profile", json=profile | {"role": "org_admin"})).status_code == 422
    async with service.client(ours.headers["org_admin"]) as http:
        members = await http.get(f"/api/v1/admin/hospitals/{ours.organization_id}/members")
        assert "71717" not in members.text
        assert "71717" not in (await http.get("/api/v1/audit/entries?limit=200")).text
