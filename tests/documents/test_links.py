"""Links that download one document for a short while: what they are bound to, and what each use leaves behind."""

import base64
import time
from urllib.parse import unquote
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import text

from auricle.actor import Actor
from auricle.documents.link import PARTS, signature
from tests.documents.conftest import LETTER, Desk


async def linked(desk: Desk, document_id: str, role: str = "clinician") -> str:
    async with desk.client(role) as http:
        answer = await http.post(f"/api/v1/documents/{document_id}/link")
    return str(answer.raise_for_status().json()["url"])


async def followed(desk: Desk, url: str) -> httpx2.Response:
    """Without any sign-in."""
    async with desk.service.client() as http:
        return await http.get(url)


@pytest.fixture
async def document(desk, asha):
    return await desk.kept(asha.id, 'Asha "A" Rao, हिंदी.pdf')


async def test_a_link_gives_the_file_as_it_was_sent_to_be_saved_and_not_shown(desk, document):
    got = await followed(desk, await linked(desk, document["id"]))
    assert (got.status_code, got.content) == (200, LETTER)
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["content-disposition"].startswith(f'attachment; filename="document-{document["id"]}.pdf"; ')
    named = got.headers["content-disposition"].partition("filename*=UTF-8''")[2]
    assert unquote(named) == document["name"] and named.isascii()
    assert (got.headers["x-content-type-options"], got.headers["cache-control"]) == ("nosniff", "no-store")


async def test_a_large_file_comes_whole(desk, asha):
    data = b"A line of a long report that is never the same. " * 25_000
    document = await desk.kept(asha.id, "long.txt", data)
    assert (await followed(desk, await linked(desk, document["id"]))).content == data


async def test_making_and_using_a_link_are_audited_with_who_it_was_made_for(desk, document):
    url = await linked(desk, document["id"])
    await followed(desk, url)
    assert [action for action, _ in await desk.audited(document["id"])][-2:] == ["link", "download"]
    async with desk.client("org_admin") as http:
        used = await http.get("/api/v1/audit/entries", params={"entity_id": document["id"], "limit": 1})
    entry = used.json()["items"][0]
    assert (entry["action"], entry["actor_id"]) == ("download", str(desk.people["clinician"].account_id))
    assert entry["address"]


def changed(url: str, at: int) -> str:
    """The link with one bit turned."""
    head, _, said = url.partition("?link=")
    whole = bytearray(base64.urlsafe_b64decode(said))
    whole[at] ^= 1
    return f"{head}?link={base64.urlsafe_b64encode(whole).decode()}"


async def test_a_link_that_was_changed_anywhere_is_refused(desk, document):
    url = await linked(desk, document["id"])
    for at in (*range(0, PARTS.size, 8), PARTS.size - 1, PARTS.size, PARTS.size + 31):
        refused = await followed(desk, changed(url, at))
        assert (refused.status_code, refused.json()["error_code"]) == (401, "document.bad_link"), at


@pytest.mark.parametrize("said", ["", "x", "AAAA", "%00", "é", "A" * 160, "A" * 199, "=" * 8])
async def test_what_is_no_link_is_refused(desk, document, said):
    refused = await followed(desk, f"/api/v1/documents/{document['id']}/file?link={said}")
    assert (refused.status_code, refused.json()["error_code"]) == (401, "document.bad_link")


async def test_a_link_is_for_one_document(desk, asha, document):
    other = await desk.kept(asha.id, "other.txt", b"Another document.")
    url = (await linked(desk, document["id"])).replace(document["id"], other["id"])
    assert (await followed(desk, url)).json()["error_code"] == "document.bad_link"


def made_by_us(desk: Desk, document_id: str, *, expires_at: int, organization_id: UUID | None = None) -> str:
    """A link that is signed rightly, for somebody who is not signed in."""
    who = desk.people["clinician"]
    ids = (UUID(document_id), organization_id or desk.organization_id, who.account_id, UUID(int=1), who.member_id)
    said = PARTS.pack(*(one.bytes for one in ids if one), expires_at)
    signed = said + signature(desk.service.keyring.link_secret, said)
    return f"/api/v1/documents/{document_id}/file?link={base64.urlsafe_b64encode(signed).decode()}"


async def test_a_link_ends(desk, document):
    refused = await followed(desk, made_by_us(desk, document["id"], expires_at=int(time.time()) - 1))
    assert (refused.status_code, refused.json()["error_code"]) == (410, "document.link_expired")


async def test_a_link_for_a_sign_in_that_is_none_is_refused(desk, other_desk, document):
    soon = int(time.time()) + 60
    for organization_id in (None, other_desk.organization_id):
        url = made_by_us(desk, document["id"], expires_at=soon, organization_id=organization_id)
        assert (await followed(desk, url)).json()["error_code"] == "document.bad_link"


async def test_a_link_ends_with_the_sign_in_it_was_made_for_and_with_the_right_to_read(desk, document):
    person, headers = await desk.service.member(desk.organization_id, "clinician")
    desk.headers["leaving"] = headers
    url = await linked(desk, document["id"], "leaving")
    assert (await followed(desk, url)).status_code == 200
    async with desk.service.database.transaction(Actor.system(desk.organization_id)) as db:
        await db.execute(text("update member set role = 'patient' where id = :id"), {"id": person.member_id})
    assert (await followed(desk, url)).json()["error_code"] == "authorization.forbidden"
    async with desk.service.client(headers) as http:
        assert (await http.post("/api/v1/auth/logout")).status_code == 204
    assert (await followed(desk, url)).json()["error_code"] == "document.bad_link"


async def test_a_machine_gets_no_link(desk, document):
    async with desk.client("org_admin") as http:
        key = await http.post("/api/v1/api-keys", json={"name": "Archive", "scopes": ["documents:read"]})
    machine = {"authorization": f"Bearer {key.raise_for_status().json()['key']}"}
    async with desk.service.client(machine) as http:
        assert (await http.get(f"/api/v1/documents/{document['id']}")).status_code == 200
        refused = await http.post(f"/api/v1/documents/{document['id']}/link")
    assert (refused.status_code, refused.json()["error_code"]) == (403, "authorization.forbidden")
