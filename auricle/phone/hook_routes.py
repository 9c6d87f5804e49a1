"""`/webhooks/{carrier}/{line_token}/…` and `/ws/phone/{carrier}`: what carriers call. Public, and signed by them."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response, WebSocket, status
from fastapi.responses import JSONResponse

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.errors import NotFound, RateLimited, TooLarge, Unavailable
from auricle.log import new_request_id, request_id
from auricle.phone import answers
from auricle.phone.hooks import BadCallback, BadSignature, Believed, Hook, believe, read_hook
from auricle.phone.lines import webhook
from auricle.phone.media import media_url, serve
from auricle.phone.models import Kind
from auricle.phone.phrases import FALLBACK, later
from auricle.phone.ringing import Connect, Next, after, take
from auricle.phone.status import advance, find_call, progress_of
from auricle.settings import Settings
from auricle.web.deps import Caller, Installed, installed
from auricle.web.problems import problems

router = APIRouter(tags=["phone"], include_in_schema=False)  # for carriers: they never read our document

LineToken = Annotated[str, Path(min_length=1, max_length=100)]
REFUSALS = (NotFound, BadSignature, BadCallback, TooLarge, RateLimited)
XML: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/xml": {}}, "description": "What to do with the call."}
}


class NotTaken(Unavailable):
    """This call is not taken by the agent; let the flow go on."""

    code = "phone.not_taken"


@router.get(
    "/webhooks/{carrier}/{line_token}/voice",
    operation_id="phone_voice_get",
    summary="A call has come in (carriers that ask by GET)",
    responses={**problems(*REFUSALS, NotTaken), **XML},
)
@router.post(
    "/webhooks/{carrier}/{line_token}/voice",
    operation_id="phone_voice",
    summary="A call has come in, or one of ours was answered",
    responses={**problems(*REFUSALS, NotTaken), **XML},
)
async def voice(carrier: Kind, line_token: LineToken, request: Request, assembly: Installed, seen: Caller) -> Response:
    hook, there = await asked(request, assembly, carrier, line_token, seen)
    return told(await take(assembly, there, hook), there, assembly.settings)


@router.get(
    "/webhooks/{carrier}/{line_token}/after",
    operation_id="phone_after_get",
    summary="The conversation is over (carriers that ask by GET)",
    responses={**problems(*REFUSALS), **XML},
)
@router.post(
    "/webhooks/{carrier}/{line_token}/after",
    operation_id="phone_after",
    summary="The conversation is over: hang up, or go on to a person",
    responses={**problems(*REFUSALS), **XML},
)
async def over(carrier: Kind, line_token: LineToken, request: Request, assembly: Installed, seen: Caller) -> Response:
    hook, there = await asked(request, assembly, carrier, line_token, seen)
    what = await after(assembly, there, hook)
    if carrier is Kind.EXOTEL:  # its Passthru applet takes one way for 200, and the other for 302
        return Response(status_code=status.HTTP_302_FOUND if what == "hang_up" else status.HTTP_200_OK)
    return told(what, there, assembly.settings)


@router.post(
    "/webhooks/{carrier}/{line_token}/status",
    operation_id="phone_status",
    summary="How a call gets on",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(*REFUSALS),
)
async def progress(
    carrier: Kind, line_token: LineToken, request: Request, assembly: Installed, seen: Caller
) -> Response:
    hook, there = await asked(request, assembly, carrier, line_token, seen)
    news = progress_of(carrier, hook.fields)
    async with assembly.database.transaction(there.actor) as db:
        call = await find_call(db, there.line.row.id, call_id=hook.call_id, carrier_call_id=news.carrier_call_id)
        if call is None:
            raise NotFound("No such call.")
        await advance(db, call, news)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.websocket("/ws/phone/{carrier}")
async def media(websocket: WebSocket, carrier: Kind) -> None:
    """One call's sound in both directions, opened with the ticket that `voice` gave."""
    request_id.set(new_request_id())
    address = websocket.client.host if websocket.client else ""
    seen = Actor.nobody(request_id=request_id.get(), address=address, user_agent=carrier.value)
    await serve(websocket, await installed(websocket), carrier, seen)


async def asked(request: Request, assembly: Assembly, kind: Kind, token: str, seen: Actor) -> tuple[Hook, Believed]:
    """Read a request and believe it, or not; what is refused is charged to its address, as a wrong sign-in is."""
    hook = await read_hook(request, kind, token, assembly.settings.base_url)
    try:
        return hook, await believe(assembly, hook, seen)
    except (NotFound, BadSignature):
        await request.app.state.limits.charge_address(request)
        raise


def told(what: Next, there: Believed, settings: Settings) -> Response:
    """Our decision in the carrier's words."""
    kind, line = there.line.account.kind, there.line
    if kind is Kind.EXOTEL:
        if isinstance(what, Connect):
            return JSONResponse({"url": media_url(settings.socket_url, kind, what.ticket)})
        raise NotTaken
    if isinstance(what, Connect):
        after_url = f"{webhook(settings.base_url, kind, line.token)}/after"
        there_url = media_url(settings.socket_url, kind)
        xml = answers.connect(kind, media_url=there_url, ticket=what.ticket, after_url=after_url)
    elif what == "dial" and line.handover_number:
        xml = answers.dial(kind, number=line.handover_number, caller_id=line.number)
    elif what == "later":
        language = line.row.language if answers.speaks(kind, line.row.language) else FALLBACK
        xml = answers.say(kind, later(language), language)
    elif what == "busy":
        xml = answers.busy(kind)
    else:
        xml = answers.hang_up()
    return Response(xml, media_type="application/xml")
