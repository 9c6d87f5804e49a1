"""`POST /api/v1/consultations/{id}/listen` and the socket that its ticket opens."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, WebSocket, status
from pydantic import BaseModel, Field

from auricle.actor import Actor
from auricle.consultations.lifecycle import find_consultation
from auricle.errors import Forbidden, NotFound, Unauthenticated
from auricle.identity.tickets import LIFETIME_S, issue
from auricle.listening.admit import NobodyThere, live_session
from auricle.listening.socket import listen_in
from auricle.log import new_request_id, request_id
from auricle.web.deps import Db, Installed, Requires, installed
from auricle.web.problems import problems

router = APIRouter(tags=["conversation"])


class ListenOut(BaseModel):
    ticket: str = Field(description='Goes into the first message: `{"type": "listen", "ticket": …}`.')
    expires_in: int = Field(examples=[30])
    session_id: UUID
    url: str = Field(examples=["ws://127.0.0.1:8001/api/v1/ws/listening"])


@router.post(
    "/api/v1/consultations/{consultation_id}/listen",
    operation_id="listen_to_consultation",
    summary="A one-time ticket to listen in on a live conversation, and to take it over",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Unauthenticated, Forbidden, NotFound, NobodyThere),
)
async def listen(
    consultation_id: UUID, db: Db, assembly: Installed, actor: Annotated[Actor, Requires("consultations:listen")]
) -> ListenOut:
    consultation = await find_consultation(db, consultation_id)
    session = await live_session(db, consultation.id)
    url = assembly.settings.socket_url + "/api/v1/ws/listening"
    ticket = await issue(db, consultation.id)
    return ListenOut(ticket=ticket, expires_in=LIFETIME_S, session_id=session.id, url=url)


@router.websocket("/api/v1/ws/listening")
async def listening(websocket: WebSocket) -> None:
    """Staff on a live call: listen, take_over, release, text, audio."""
    request_id.set(new_request_id())
    seen = Actor.nobody(
        request_id=request_id.get(),
        address=websocket.client.host if websocket.client else "",
        user_agent=websocket.headers.get("user-agent", "")[:200],
    )
    await listen_in(websocket, await installed(websocket), seen)
