"""Over the wire: a sign-in that ends takes its requests, sockets, streams and tickets with it."""

import asyncio

import pytest
from sqlalchemy import text
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from auricle.actor import Actor
from tests import builders
from tests.running_service import HASH, Service
from tests.web.conftest import Hospital
from tests.web.test_sign_in import bearer, session_of, signed_in, until_refused
from tests.web.test_socket import init, message, opened, refusal, ticket_for

CLOSED_WITHIN_S = 10  # the promise is 5; the machine of the tests may be slow


async def somebody(service: Service, hospital: Hospital) -> Actor:
    return await builders.make_member(service.database, hospital.organization_id, "clinician", password_hash=HASH)


@pytest.mark.parametrize("how", ["logout", "disabled", "role", "suspended"])
async def test_a_live_socket_closes_soon_after_its_sign_in_ended(
    service: Service, hospitals: tuple[Hospital, Hospital], how: str
) -> None:
    hospital = hospitals[0]
    actor = await somebody(service, hospital)
    tokens = await signed_in(service, actor)
    headers = bearer(tokens["access_token"])
    consultation_id = await opened(service, hospital)
    ticket = await ticket_for(service, headers, consultation_id)
    async with connect(service.ws_url, subprotocols=["auricle.v1", f"ticket.{ticket}"]) as live:  # type: ignore[list-item]
        await live.send(init(consultation_id))
        assert (await message(live))["type"] == "session"
        if how == "logout":
            async with service.client(headers) as http:
                assert (await http.post("/api/v1/auth/logout")).status_code == 204
        else:
            change = {
                "disabled": "update account set disabled_at = now() where id = :account",
                "role": "update member set role = 'staff' where id = :member",
                "suspended": "update member set status = 'suspended' where id = :member",
            }[how]
            ids = {"account": actor.account_id, "member": actor.member_id}
            async with service.database.transaction(actor) as db:
                await db.execute(text(change), {k: v for k, v in ids.items() if f":{k}" in change})
        errors = []
        with pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(CLOSED_WITHIN_S):
                while True:
                    told = await message(live)
                    if told["type"] == "error":
                        errors.append(told["error_code"])
    assert errors == ["authentication.session_over"]
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401
    if how != "role":
        await until_refused(service, tokens["access_token"])


async def test_a_ticket_is_refused_when_used_again_or_when_its_sign_in_is_over(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    hospital = hospitals[0]
    tokens = await signed_in(service, await somebody(service, hospital))
    headers = bearer(tokens["access_token"])
    consultation_id = await opened(service, hospital)
    first, second = [await ticket_for(service, headers, consultation_id) for _ in range(2)]
    async with connect(service.ws_url, subprotocols=["auricle.v1", f"ticket.{first}"]) as live:  # type: ignore[list-item]
        await live.send(init(consultation_id))
        assert (await message(live))["type"] == "session"
    async with connect(service.ws_url, subprotocols=["auricle.v1", f"ticket.{first}"]) as live:  # type: ignore[list-item]
        await live.send(init(consultation_id))
        assert await refusal(live) == ("authentication.bad_ticket", 4401)
    async with service.client(headers) as http:
        assert (await http.delete(f"/api/v1/auth/sessions/{session_of(service, tokens)}")).status_code == 204
    async with connect(service.ws_url, subprotocols=["auricle.v1", f"ticket.{second}"]) as live:  # type: ignore[list-item]
        await live.send(init(consultation_id))
        assert await refusal(live) == ("authentication.bad_token", 4401)


async def test_a_stream_of_events_ends_with_the_sign_in(service: Service, hospitals: tuple[Hospital, Hospital]) -> None:
    tokens = await signed_in(service, await somebody(service, hospitals[0]))
    async with (
        service.client(bearer(tokens["access_token"])) as http,
        http.stream("GET", "/api/v1/events") as events,
    ):
        lines = events.aiter_lines()
        assert await anext(lines) == ": connected"
        async with service.client(bearer(tokens["access_token"])) as beside:
            assert (await beside.post("/api/v1/auth/logout")).status_code == 204
        async with asyncio.timeout(CLOSED_WITHIN_S):
            async for _ in lines:
                pass
