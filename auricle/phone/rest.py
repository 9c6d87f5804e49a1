"""The carriers' REST interfaces: place a call, send it elsewhere, hang it up. Bounded waits, one retry where safe.

A request to place a call is sent again only where it surely never arrived; the others do the same when sent twice.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

import httpx2
import orjson

from auricle.errors import AuricleError
from auricle.log import event
from auricle.phone.answers import dial
from auricle.phone.carriers import Account
from auricle.phone.models import Kind
from auricle.providers.connections import Connections

log = logging.getLogger(__name__)

TIMEOUT_S = 10.0
RETRY_AFTER_S = 0.3
MAX_ANSWER_BYTES = 65_536
LONGEST_CALL_S = 4 * 3600
AGAIN = frozenset({429, 500, 502, 503, 504})


class CarrierFailed(AuricleError):
    """The carrier did not do what was asked."""

    status, code, title = 502, "phone.carrier_failed", "Carrier failed"


class NotOffered(AuricleError):
    """This carrier's interface does not offer this."""

    status, code, title = 501, "phone.not_offered", "Not offered"


@dataclass(frozen=True, slots=True)
class Placing:
    """A call to be made, with the addresses that its carrier calls meanwhile."""

    number: str
    caller_id: str
    voice_url: str
    status_url: str
    media_url: str  # with the ticket, for the carrier that is told it at once
    ring_s: int
    call_id: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to a carrier. `safe`: doing it twice does nothing else."""

    method: Literal["POST", "DELETE"]
    path: str
    form: Mapping[str, Any] | None = None
    json: Mapping[str, Any] | None = None
    safe: bool = True


class CarrierRest:
    """Asks carriers over kept connections. Keys go with each request and stay nowhere."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._connections = Connections()

    async def aclose(self) -> None:
        await self._connections.aclose()

    async def place(self, account: Account, wanted: Placing) -> str | None:
        """Have a number called. Returns the carrier's id of the call, where it tells one at once."""
        answer = await self._ask(account, placing(account, wanted))
        match account.kind:
            case Kind.TWILIO:
                found = answer.get("sid")
            case Kind.PLIVO:
                found = answer.get("request_uuid")
            case Kind.EXOTEL:
                call = answer.get("Call")
                found = call.get("Sid") if isinstance(call, dict) else None
        return found if isinstance(found, str) and 0 < len(found) <= 100 else None

    async def hand_over(self, account: Account, call_id: str, *, number: str, caller_id: str, after_url: str) -> None:
        """Send a call on to a person. Raises `CarrierFailed`, and `NotOffered` where the flow has to do it."""
        await self._ask(account, handing_over(account, call_id, number, caller_id, after_url))

    async def hang_up(self, account: Account, call_id: str) -> None:
        """End a call. Raises `CarrierFailed`, and `NotOffered` where closing the socket has to do."""
        await self._ask(account, hanging_up(account, call_id))

    async def _ask(self, account: Account, asked: Asked) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._timeout_s):
                try:
                    return await self._once(account, asked)
                except CarrierFailed as failure:
                    if not (failure.context.get("unsent") or (asked.safe and failure.context.get("again"))):
                        raise
                await asyncio.sleep(RETRY_AFTER_S)
                return await self._once(account, asked)
        except TimeoutError:
            raise CarrierFailed("The carrier did not answer in time.", carrier=account.kind.value) from None

    async def _once(self, account: Account, asked: Asked) -> dict[str, Any]:
        carrier = account.kind.value
        body: dict[str, Any] = {"data": asked.form} if asked.form is not None else {}
        if asked.json is not None:
            body = {"content": orjson.dumps(asked.json), "headers": {"content-type": "application/json"}}
        client = self._connections.to(account.url)
        try:
            async with client.stream(
                asked.method, account.url + asked.path, auth=account.credentials, **body
            ) as response:
                if response.status_code >= 300:
                    again = response.status_code in AGAIN
                    event(log, "carrier refused", logging.WARNING, status=response.status_code, provider=carrier)
                    raise CarrierFailed(carrier=carrier, carrier_status=response.status_code, again=again)
                return answer_of(await bounded(response))
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise CarrierFailed(carrier=carrier, reason=type(error).__name__, unsent=True) from None
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
            raise CarrierFailed(carrier=carrier, reason=type(error).__name__, again=True) from None


async def bounded(response: httpx2.Response) -> bytes:
    """The beginning of the body; what is longer is no answer of a carrier."""
    content = b""
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) > MAX_ANSWER_BYTES:
            return b""
    return content


def answer_of(content: bytes) -> dict[str, Any]:
    """A carrier's answer; what is no JSON tells nothing, but the deed is done."""
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}


def placing(account: Account, wanted: Placing) -> Asked:
    sid = quote(account.account_id, safe="")
    match account.kind:
        case Kind.TWILIO:
            form = {
                "To": wanted.number,
                "From": wanted.caller_id,
                "Url": wanted.voice_url,
                "StatusCallback": wanted.status_url,
                "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
                "Timeout": wanted.ring_s,
                "TimeLimit": LONGEST_CALL_S,
                "MachineDetection": "Enable",
                "AsyncAmd": "true",
                "AsyncAmdStatusCallback": wanted.status_url,
            }
            return Asked("POST", f"/2010-04-01/Accounts/{sid}/Calls.json", form=form, safe=False)
        case Kind.PLIVO:
            body = {
                "from": wanted.caller_id.lstrip("+"),
                "to": wanted.number.lstrip("+"),
                "answer_url": wanted.voice_url,
                "ring_url": wanted.status_url,
                "hangup_url": wanted.status_url,
                "ring_timeout": wanted.ring_s,
                "time_limit": LONGEST_CALL_S,
                "machine_detection": "true",
                "machine_detection_url": wanted.status_url,
            }
            return Asked("POST", f"/v1/Account/{sid}/Call/", json=body, safe=False)
        case Kind.EXOTEL:
            form = {
                "From": wanted.number,
                "CallerId": wanted.caller_id,
                "StreamType": "bidirectional",
                "StreamUrl": wanted.media_url,
                "StatusCallback": wanted.status_url,
                "StatusCallbackEvents[0]": "answered",
                "StatusCallbackEvents[1]": "terminal",
                "StatusCallbackContentType": "application/json",
                "TimeOut": wanted.ring_s,
                "TimeLimit": LONGEST_CALL_S,
                "CustomField": wanted.call_id,
            }
            return Asked("POST", f"/v1/Accounts/{sid}/Calls/connect.json", form=form, safe=False)


def handing_over(account: Account, call_id: str, number: str, caller_id: str, after_url: str) -> Asked:
    sid, call = quote(account.account_id, safe=""), quote(call_id, safe="")
    match account.kind:
        case Kind.TWILIO:
            twiml = dial(Kind.TWILIO, number=number, caller_id=caller_id)
            return Asked("POST", f"/2010-04-01/Accounts/{sid}/Calls/{call}.json", form={"Twiml": twiml})
        case Kind.PLIVO:
            body = {"legs": "aleg", "aleg_url": after_url, "aleg_method": "POST"}
            return Asked("POST", f"/v1/Account/{sid}/Call/{call}/", json=body)
        case Kind.EXOTEL:
            raise NotOffered


def hanging_up(account: Account, call_id: str) -> Asked:
    sid, call = quote(account.account_id, safe=""), quote(call_id, safe="")
    match account.kind:
        case Kind.TWILIO:
            return Asked("POST", f"/2010-04-01/Accounts/{sid}/Calls/{call}.json", form={"Status": "completed"})
        case Kind.PLIVO:
            return Asked("DELETE", f"/v1/Account/{sid}/Call/{call}/")
        case Kind.EXOTEL:
            raise NotOffered
