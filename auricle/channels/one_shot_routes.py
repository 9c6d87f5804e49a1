"""`POST` and `GET /api/v1/conversation/audio`: a recording as a message, an answer as speech."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.types import Receive, Scope, Send

from auricle.billing.budgets.require import BudgetExhausted
from auricle.channels.in_order import TooManyWaiting
from auricle.channels.one_shot import NothingHeard, listen, speech, stored_answer
from auricle.channels.routes import Joiner, MessageAnswer, whole
from auricle.channels.sound_files import (
    MP3,
    OPUS,
    WAV,
    DamagedSound,
    DecoderMissing,
    NoSound,
    SoundTooLong,
    UnknownSound,
    can_write,
)
from auricle.channels.text import SessionEnded, To
from auricle.consent.decide import ConsentNeeded
from auricle.consultations.lifecycle import ConsultationEnded
from auricle.errors import AuricleError, Invalid, NotFound, TooLarge
from auricle.providers.ports import ProviderFailed
from auricle.web.deps import Installed
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/conversation", tags=["conversation"])

NAMES = {"audio/wav": WAV, "audio/x-wav": WAV, "audio/wave": WAV, "audio/mpeg": MP3, "audio/mp3": MP3,
         "audio/ogg": OPUS, "audio/opus": OPUS}  # fmt: skip
ANY = {"*/*", "audio/*", ""}
SOUND = {"schema": {"type": "string", "format": "binary"}}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The recording itself, or a form with `file` and, in place of the query, `session_id` or "
        "`consultation_id`. At most five minutes.",
        "content": {
            **dict.fromkeys(("audio/wav", "audio/mpeg", "audio/mp4", "audio/ogg", "audio/webm"), SOUND),
            "audio/flac": SOUND,
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "session_id": {"type": "string", "format": "uuid"},
                        "consultation_id": {"type": "string", "format": "uuid"},
                    },
                }
            },
        },
    }
}


class NotAcceptable(AuricleError):
    """Speech comes as audio/wav, audio/mpeg or audio/ogg (Opus)."""

    status, code, title = 406, "request.not_acceptable", "Not acceptable"


class BadPlace(Invalid):
    """Say in which session, or in which consultation, this recording was made: one of them."""

    code = "validation.invalid"


class BadForm(Invalid):
    """This form holds no recording in `file`."""

    code = "audio.bad_form"


class AudioAnswer(MessageAnswer):
    transcript: str


@router.post(
    "/audio",
    operation_id="send_audio",
    summary="One recording and its answer",
    openapi_extra=BODY,
    responses=problems(
        ConsentNeeded, NotFound, ConsultationEnded, SessionEnded, TooManyWaiting, UnknownSound, DamagedSound, NoSound,
        SoundTooLong, DecoderMissing, NothingHeard, BadForm, TooLarge, ProviderFailed, BudgetExhausted,
    ),
)  # fmt: skip
async def send_audio(
    request: Request,
    assembly: Installed,
    actor: Joiner,
    session_id: UUID | None = None,
    consultation_id: UUID | None = None,
) -> AudioAnswer:
    sound, named = await uploaded(request)
    to = place(session_id or named.get("session_id"), consultation_id or named.get("consultation_id"))
    async with assembly.calls.in_order.turn(to.conversation):
        heard = await listen(assembly, actor, to, sound)
        answer = await whole(assembly, heard.talk, heard.exchange)
    return AudioAnswer(**answer.model_dump(), transcript=heard.transcript)


async def uploaded(request: Request) -> tuple[bytes, dict[str, UUID]]:
    """The recording, and the ids that a form names beside it."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.body(), {}
    try:
        async with request.form(max_files=1, max_fields=4) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise BadForm
            named = {key: UUID(str(form[key])) for key in ("session_id", "consultation_id") if key in form}
            return await file.read(), named
    except (MultiPartException, ValueError) as error:
        raise BadForm from error


def place(session_id: UUID | None, consultation_id: UUID | None) -> To:
    if (session_id is None) == (consultation_id is None):
        raise BadPlace
    return To(session_id, consultation_id)


@router.get(
    "/audio",
    operation_id="get_audio",
    summary="The speech of a stored answer",
    response_class=StreamingResponse,
    responses={
        **problems(NotFound, ConsentNeeded, NotAcceptable, ProviderFailed, BudgetExhausted),
        200: {"content": dict.fromkeys((WAV, MP3, OPUS), SOUND), "description": "The speech, as it is made."},
    },
)
async def get_audio(
    assembly: Installed,
    actor: Joiner,
    message_id: Annotated[UUID, Query()],
    accept: Annotated[str, Header(max_length=500)] = "*/*",
) -> StreamingResponse:
    kind = accepted(accept)
    answer = await stored_answer(assembly, actor, message_id)
    pieces = speech(assembly, answer, kind)
    first = await anext(pieces, b"")  # a voice that fails at once is still an HTTP error
    return Spoken(first, pieces, kind)


class Spoken(StreamingResponse):
    """Speech as it is made; its making stops when nobody reads on."""

    def __init__(self, first: bytes, pieces: AsyncGenerator[bytes], kind: str) -> None:
        async def all_of_it() -> AsyncGenerator[bytes]:
            yield first
            async for piece in pieces:
                yield piece

        super().__init__(all_of_it(), media_type=kind)
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._pieces):
            await super().__call__(scope, receive, send)


def accepted(accept: str) -> str:
    """The best format that is asked for and can be made. Raises `NotAcceptable`."""
    wanted: list[tuple[float, int, str]] = []
    for position, item in enumerate(accept.split(",")[:20]):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        quality = next((p.removeprefix("q=") for p in parameters if p.startswith("q=")), "1")
        kind = WAV if name in ANY else NAMES.get(name)
        try:
            weight = float(quality)
        except ValueError:
            continue
        if kind is not None and weight > 0 and can_write(kind):
            wanted.append((-weight, position, kind))
    if not wanted:
        raise NotAcceptable
    return min(wanted)[2]
